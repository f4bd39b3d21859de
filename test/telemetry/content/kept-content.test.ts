import { describe, expect, test } from 'vitest';
import { Keeper, keptValue } from '../../../src/telemetry/content/kept-content.ts';

const kept = (value: unknown): unknown => keptValue(value, { maxText: 100, left: 1_000 });

describe('what is kept of a value until its span ends', () => {
  test('lacks the long fields that are never recorded, wherever the API sends them', () => {
    const part = { type: 'output_text', text: 'Hello', annotations: [{}], logprobs: [{}] };
    expect(kept({ type: 'message', content: [part] })).toEqual({
      type: 'message',
      content: [{ type: 'output_text', text: 'Hello' }],
    });
    for (const type of ['reasoning', 'compaction', 'compaction_summary', 'encrypted_content'])
      expect(kept({ type, id: 'rs_1', encrypted_content: 'x' })).toEqual({ type, id: 'rs_1' });
  });

  test.each([
    [{ metadata: { name: 'pod', annotations: { team: 'infra' } } }],
    [{ type: 'deployment', annotations: [1], logprobs: [2], encrypted_content: 'x' }],
    [{ type: 'mcp_list_tools', tools: [{ name: 'search', annotations: { readOnly: true } }] }],
  ])("has everything of the program's own data: %j", (value) => {
    expect(kept(value)).toEqual(value);
  });

  test('has no prototype of its own', () => {
    expect(kept(JSON.parse('{"__proto__":{"admin":true},"a":1}'))).toEqual({ a: 1 });
  });
});

describe('the values of one answer', () => {
  const MEGABYTE = 1_048_576;
  const limits = { text: 100, span: 200, answer: 200 };
  const text = { text: 'x'.repeat(100) };
  const lengths = (values: readonly { text: string }[]): number[] => values.map((value) => value.text.length);

  test('share a limit, and one that replaces an earlier one takes its place', () => {
    const keeper = new Keeper(limits);
    const first = keeper.keep(text);
    const again = keeper.keep(text, first);
    expect(lengths([first, again, keeper.keep(text)])).toEqual([100, 100, 100]);
    expect(keeper.keep(text).text.length).toBeLessThan(5);
  });

  test('share the limit of their media, of which each is kept whole or not at all', () => {
    const keeper = new Keeper(limits);
    const blob = { type: 'blob', content: 'x'.repeat(5 * MEGABYTE) };
    expect(keeper.keep(blob)).toEqual(blob);
    expect(keeper.keep(blob)).toEqual({ ...blob, content: '', original_length: 5 * MEGABYTE });
  });

  test('have their limits anew once all of them are forgotten', () => {
    const keeper = new Keeper(limits);
    keeper.keep([text, text]);
    keeper.forget();
    expect(lengths([keeper.keep(text), keeper.keep(text)])).toEqual([100, 100]);
  });
});
