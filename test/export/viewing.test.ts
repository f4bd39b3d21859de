import { expect, it } from 'vitest';
import { consoleTree, viewing } from '../../src/export.ts';

it('leaves out views whose condition is not met', () => {
  const view = consoleTree();
  expect(viewing(false, undefined, null, view)).toEqual([view]);
  expect(viewing('' as unknown as false)).toEqual([]);
});
