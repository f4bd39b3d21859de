import { expect, test, vi } from 'vitest';
import { esbuild } from '../../../src/bundler.ts';

test('the plugin for esbuild reads files only, not the virtual modules of other plugins', () => {
  const onLoad = vi.fn();
  esbuild().setup({ initialOptions: { platform: 'node' }, onLoad });
  expect(onLoad.mock.calls.map(([{ namespace }]) => namespace)).toEqual(['file']);
});
