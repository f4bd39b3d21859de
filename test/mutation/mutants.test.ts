import { readFileSync } from 'node:fs';
import { parseAst } from 'rolldown/parseAst';
import { afterEach, describe, expect, it } from 'vitest';
import { findMutants, listMutants, withSwitches } from '../../scripts/mutation/mutants.ts';

afterEach(() => {
  globalThis.__mutant__ = undefined;
});

/** What the body of a function returns as it is, and without each of its checks. */
function results(body: string): unknown[] {
  const source = `function test() { ${body} }`;
  const run = new Function(`${withSwitches(source, 7)} return test();`);
  return [undefined, ...findMutants(source).keys()].map((index) => {
    globalThis.__mutant__ = (id) => index !== undefined && id === index + 7;
    try {
      return run();
    } catch (error) {
      return `throws ${error}`;
    }
  });
}

describe('a mutant', () => {
  it.each([
    ['leaves out an early exit', "if (true) { return 'early'; } return 'late';", ['early', 'late']],
    [
      'leaves out an early exit of a loop',
      "let n = ''; for (const x of [0, 1]) { if (x) continue; n += x; } return n;",
      ['0', '01'],
    ],
    ['does always what a condition allows', 'let n = 1; if (n > 1) n = 2; return n;', [1, 2]],
    ['leaves out one operand', "return '' || (0 && 5);", [0, 0, '', 5, 0]],
    ['leaves `??` as it is', 'return undefined ?? 1;', [1]],
    [
      'removes the guard around a call, which still has its arguments',
      "function guard(_, run, value) { return ''; } return guard('reading', (value) => value, 1);",
      ['', 1],
    ],
    ['removes a catch clause', "try { throw 'error'; } catch { return 1; }", [1, 'throws error']],
    [
      'removes a catch clause that names the error, and no other',
      'let n = 0; try { try { throw 1; } catch (error) { n += error; } finally { n += 2; } return n; } finally { n = 0; }',
      [3, 'throws 1'],
    ],
    ['removes a bound', 'const MAX_LENGTH = 2; return Math.min(3, MAX_LENGTH);', [2, 3]],
    ['leaves other minima as they are', 'const a = 1; return Math.min(3, a);', [1]],
  ])('%s', (_, body, expected) => {
    expect(results(body)).toEqual(expected);
  });

  it('says what it changes and where', () => {
    expect(findMutants('for (;;) {\n  if (settled)\n    break;\n}')).toMatchObject([
      { kind: 'early exit', line: 2, text: 'if (settled) break;' },
    ]);
  });
});

it('the sources are programs with all their mutants in them', () => {
  for (const file of new Set(listMutants('.').map((mutant) => mutant.file)))
    expect(() => parseAst(withSwitches(readFileSync(file, 'utf8'), 0), { lang: 'ts' }), file).not.toThrow();
});
