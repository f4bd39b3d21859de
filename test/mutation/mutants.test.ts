import { glob, readFile } from 'node:fs/promises';
import { parseAst } from 'rolldown/parseAst';
import { describe, expect, test } from 'vitest';
import { findMutants, type Mutant, mutate } from '../../scripts/mutation/mutants.ts';

/** The mutants of one kind, each as what becomes of the source. */
function mutated(source: string, kind: Mutant['kind']): string[] {
  return findMutants(source)
    .filter((mutant) => mutant.kind === kind)
    .map((mutant) => mutate(source, mutant));
}

describe('a mutant', () => {
  test('leaves out an early exit, also within a loop', () => {
    expect(mutated('function f(x: string) { if (x === "") return; g(x); }', 'early exit')).toEqual([
      'function f(x: string) { ; g(x); }',
    ]);
    expect(mutated('for (const x of y) { if (x) { count(); continue; } g(x); }', 'early exit')).toEqual([
      'for (const x of y) { ; g(x); }',
    ]);
  });

  test('does always what a condition allows', () => {
    expect(mutated('if (!call.read) call.end();', 'condition')).toEqual(['call.end();']);
    expect(mutated('if (a) b(); else c();', 'condition')).toEqual([]);
  });

  test('leaves out one operand', () => {
    expect(mutated('const é = a || (b && c);', 'operand')).toEqual([
      'const é = (b && c);',
      'const é = (a);',
      'const é = a || ((c));',
      'const é = a || ((b));',
    ]);
    expect(mutated('const a = b ?? c;', 'operand')).toEqual([]);
  });

  test('removes the guard around a call, which still has its arguments and result', () => {
    const [guarded] = mutated("result = guard('reading', read, 1, 2);", 'guard');
    const read = (...given: number[]): number[] => given;
    expect(new Function('read', `let result; ${guarded} return result;`)(read)).toEqual([1, 2]);
  });

  test('removes a catch clause, and no more', () => {
    expect(mutated('try { read(); } catch { log(); }', 'catch')).toEqual(['{ read(); }']);
    expect(mutated('try { read(); } catch { log(); } finally { end(); }', 'catch')).toEqual([
      'try { read(); } finally { end(); }',
    ]);
    expect(mutated('try { read(); } finally { end(); }', 'catch')).toEqual([]);
  });

  test('removes a bound', () => {
    expect(mutated('const length = Math.min(text.length, MAX_LENGTH);', 'bound')).toEqual([
      'const length = Math.min(text.length);',
    ]);
    expect(mutated('const length = Math.min(a, b);', 'bound')).toEqual([]);
  });

  test('says what it changes and where', () => {
    expect(findMutants('for (;;) {\n  if (settled)\n    break;\n}')).toMatchObject([
      { kind: 'early exit', line: 2, text: 'if (settled) break;' },
    ]);
  });
});

test('the mutants of src are programs: the first of each kind in each file', async () => {
  for await (const file of glob('src/**/*.ts')) {
    const source = await readFile(file, 'utf8');
    const firsts = new Map(findMutants(source).map((mutant) => [mutant.kind, mutant]));
    for (const mutant of firsts.values()) {
      const changed = mutate(source, mutant);
      expect(changed, `${file}:${mutant.line}`).not.toBe(source);
      expect(() => parseAst(changed, { lang: 'ts' }), `${file}:${mutant.line}`).not.toThrow();
    }
  }
});
