import { expect, it } from 'vitest';
import { ConsoleTreeExporter, consoleTree, viewing } from '../../src/export.ts';

it('leaves out views whose condition is not met', () => {
  const view = consoleTree();
  expect(viewing(false, undefined, null, view)).toEqual([view]);
  expect(viewing('' as unknown as false)).toEqual([]);
  expect(viewing(new ConsoleTreeExporter() as unknown as false)).toEqual([]);
  expect(viewing([view, false] as unknown as false)).toEqual([view]);
});
