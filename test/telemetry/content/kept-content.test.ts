import { describe, expect, test } from 'vitest';
import { keptValue, TextRoom } from '../../../src/telemetry/content/kept-content.ts';

const kept = (value: unknown): unknown => keptValue(value, new TextRoom(100, 1_000));

describe('what is kept of a value until its span ends', () => {
  test('lacks the long fields that are never recorded, wherever the API sends them', () => {
    const part = { type: 'output_text', text: 'Hello', annotations: [{}], logprobs: [{}] };
    expect(kept({ type: 'message', content: [part] })).toEqual({
      type: 'message',
      content: [{ type: 'output_text', text: 'Hello' }],
    });
    expect(kept({ type: 'reasoning', id: 'rs_1', encrypted_content: 'x' })).toEqual({
      type: 'reasoning',
      id: 'rs_1',
    });
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
