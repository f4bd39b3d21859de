import { expect, test } from 'vitest';
import packageFile from '../../package.json' with { type: 'json' };
import { NAME, VERSION } from '../../src/util/version.ts';

test('the instrumentation scope has the name and version of the package', () => {
  expect([NAME, VERSION]).toEqual([packageFile.name, packageFile.version]);
});
