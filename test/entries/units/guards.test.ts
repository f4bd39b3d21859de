import { describe, expect, test } from 'vitest';
import { findGuards, type Guard, removeGuard } from '../../../scripts/guards/guards.ts';

const SOURCE = `
function call(options: unknown): unknown {
  // guard: twice is once too often
  // guard \`|| options === null\`: null is no object
  if (options === undefined || options === null)
    return undefined;
  // guard: what is thrown in here reaches the program
  guard('reading', read, options);
  try {
    return send();
  } catch (error) {
    // guard: the program does not hear of it
    throw error;
  }
}`;

const without = (line: number): string => {
  const guard = findGuards(SOURCE).find((candidate) => candidate.line === line);
  return removeGuard(SOURCE, guard as Guard);
};

describe('the guards of a source', () => {
  test('are found by their markers', () => {
    expect(findGuards(SOURCE)).toEqual([
      { line: 3, why: 'twice is once too often', fragment: undefined },
      { line: 4, why: 'null is no object', fragment: '|| options === null' },
      { line: 7, why: 'what is thrown in here reaches the program', fragment: undefined },
      { line: 12, why: 'the program does not hear of it', fragment: undefined },
    ]);
  });

  test('are removed with the statement they are', () => {
    expect(without(3)).not.toContain('return undefined');
    expect(without(3)).toContain("guard('reading', read, options);");
    expect(without(12)).toContain('  } catch (error) {');
    expect(without(12)).not.toContain('throw error;');
  });

  test('are removed with the part of a statement they are', () => {
    expect(without(4)).toContain('if (options === undefined )\n    return undefined;');
  });

  test('that catch errors are replaced by what lets them through', () => {
    expect(without(7)).toContain("  unguarded('reading', read, options);");
    expect(without(7)).toContain('function unguarded<');
  });

  test('have to fit what follows them', () => {
    const wrong = '// guard `missing`: no such thing\nreturn 1;';
    expect(() => removeGuard(wrong, findGuards(wrong)[0] as Guard)).toThrow(/holds no `missing`/);
  });
});
