import { glob, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { findMutants, type Mutant, mutate } from '../../scripts/mutation/mutants.ts';

const SOURCE = `
function call(options: unknown): unknown {
  // Without this, undefined is sent.
  // Without \`|| options === null\`, null is sent.
  if (options === undefined || options === null)
    return undefined;
  // Without this, an error of the reader reaches the program.
  guard('reading', read, options);
  try {
    return send();
  } catch (error) {
    // Without this, the program misses the error.
    throw error;
  }
}`;

const mutated = (line: number): string => {
  const mutant = findMutants(SOURCE).find((candidate) => candidate.line === line);
  return mutate(SOURCE, mutant as Mutant);
};

describe('a mutant', () => {
  test('is found by the comment that names the failure', () => {
    expect(findMutants(SOURCE)).toEqual([
      { line: 3, consequence: 'undefined is sent', fragment: undefined },
      { line: 4, consequence: 'null is sent', fragment: '|| options === null' },
      { line: 7, consequence: 'an error of the reader reaches the program', fragment: undefined },
      { line: 12, consequence: 'the program misses the error', fragment: undefined },
    ]);
  });

  test('removes the statement below the comment', () => {
    expect(mutated(3)).not.toContain('return undefined');
    expect(mutated(3)).toContain("guard('reading', read, options);");
    expect(mutated(12)).toContain('  } catch (error) {');
    expect(mutated(12)).not.toContain('throw error;');
  });

  test('removes the quoted fragment', () => {
    expect(mutated(4)).toContain('if (options === undefined )\n    return undefined;');
  });

  test('removes the guard around a call', () => {
    expect(mutated(7)).toContain("  unguarded('reading', read, options);");
    expect(mutated(7)).toContain('function unguarded<');
  });

  test('removes the `try` around a statement', () => {
    const source =
      "// Without this, nothing is read.\ntry {\n  read();\n} catch (error) {\n  logError('reading', error);\n}\nend();";
    expect(mutate(source, findMutants(source)[0] as Mutant)).toBe(
      '// Without this, nothing is read.\n  read();\nend();',
    );
  });

  test('is rejected if the statement does not contain the fragment', () => {
    const wrong = '// Without `missing`, nothing happens.\nreturn 1;';
    expect(() => mutate(wrong, findMutants(wrong)[0] as Mutant)).toThrow(/does not contain `missing`/);
  });
});

test('every marker in src can be applied', async () => {
  let applied = 0;
  for await (const file of glob('src/**/*.ts')) {
    const source = await readFile(file, 'utf8');
    const mutants = findMutants(source);
    expect(mutants, `${file} has a marker of another form`).toHaveLength(
      source.match(/\/\/ Without (?:this\b|`)/g)?.length ?? 0,
    );
    for (const mutant of mutants) {
      expect(mutate(source, mutant), `${file}:${mutant.line} changes nothing`).not.toBe(source);
      applied++;
    }
  }
  expect(applied).toBeGreaterThan(50);
});
