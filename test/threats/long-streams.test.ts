/**
 * A server decides how long a stream continues, and what its pieces say. A program that throws the pieces away must not find
 * them kept by us: not without content, and with it no more than is recorded.
 */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, test } from 'vitest';
import type { Completion } from '../../src/client.ts';
import { ChatAccumulator } from '../../src/operations/chat/accumulator.ts';
import { ResponseAccumulator } from '../../src/operations/response/accumulator.ts';
import { startProgram } from '../support/program.ts';

const PROGRAM = fileURLToPath(new URL('../support/heap/streams.ts', import.meta.url));
const MEGABYTE = 1_000_000;

describe('of streams of 15 MB that a program discards', () => {
  async function kept(mode: string): Promise<Record<string, number>> {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', PROGRAM, mode]);
    return JSON.parse(stdout);
  }

  function over(bytes: Readonly<Record<string, number>>, limit: number): [string, number][] {
    return Object.entries(bytes).filter(([, length]) => length > limit);
  }

  it('less than a megabyte is kept without content', async () => {
    const bytes = await kept('NO_CONTENT');
    expect(Object.keys(bytes).length).toBeGreaterThan(14);
    expect(over(bytes, MEGABYTE)).toEqual([]);
  });

  it('as much as a span can record is kept with content', async () => {
    expect(over(await kept('SPAN_ONLY'), 10 * MEGABYTE)).toEqual([]);
  });

  it('at most 16 MiB of text are kept for a completion hook, of streams of 30 MB', {
    timeout: 600_000,
  }, async () => {
    const bytes = await kept('HOOK');
    expect(Object.keys(bytes)).toHaveLength(3);
    expect(over(bytes, 18 * MEGABYTE)).toEqual([]);
  });
});

const LIMITS = { text: 1_000, span: 4_000, answer: 10_000 };

describe('an index that a server chooses', () => {
  const ABSURD = [4_000_000_000, 2 ** 53, -1, 0.5, Number.NaN, '__proto__', 'constructor', null, {}];

  test.each([undefined, LIMITS])('creates at most 128 choices or tool calls, limits: %o', (limits) => {
    const accumulator = new ChatAccumulator(limits);
    const call = (index: unknown) => ({
      index,
      id: `call_${index}`,
      function: { name: 'f', arguments: '{}' },
    });
    for (const index of [...ABSURD, ...Array(1_000).keys()])
      accumulator.add({
        choices: [{ index, finish_reason: 'stop', delta: { tool_calls: [call(index)] } }],
      });
    const { choices } = accumulator.result() as { choices: { message?: { tool_calls: unknown[] } }[] };
    expect(choices).toHaveLength(128);
    const calls = choices.reduce((sum, { message }) => sum + (message?.tool_calls.length ?? 0), 0);
    expect(calls).toBeLessThanOrEqual(128);
    expect(Object.prototype).not.toHaveProperty('finish_reason');
  });

  test.each([undefined, LIMITS])('creates at most 1,000 items of a response, limits: %o', (limits) => {
    const accumulator = new ResponseAccumulator(limits);
    const item = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' };
    for (const output_index of [...ABSURD, ...Array(3_000).keys()])
      accumulator.add({ type: 'response.output_item.added', output_index, item });
    expect((accumulator.result() as { output: unknown[] }).output).toHaveLength(1_000);
    expect(accumulator.skippedCalls).toBeGreaterThan(0);
  });

  test('creates at most 128 texts of an item, and 1,000 of a response', () => {
    const accumulator = new ResponseAccumulator({ ...LIMITS, answer: 1_000_000 });
    for (let output_index = 0; output_index < 20; output_index++) {
      const item = { type: 'message', content: [] };
      accumulator.add({ type: 'response.output_item.added', output_index, item });
      for (const content_index of [...ABSURD, ...Array(1_000).keys()])
        accumulator.add({ type: 'response.output_text.delta', output_index, content_index, delta: 'x' });
    }
    const { output } = accumulator.result() as { output: { content: unknown[] }[] };
    const counts = output.map(({ content }) => content.length);
    expect(counts[0]).toBe(128);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1_000);
  });
});

test('a password in an error is removed before the text is cut', () => {
  const message = 'See https://user:password@host/';
  const events = [
    {
      type: 'response.output_item.done',
      output_index: 0,
      item: { type: 'mcp_call', id: 'mcp_1', error: { message } },
    },
    { type: 'response.in_progress', response: { id: 'resp_1', error: { code: 'x', message } } },
    { type: 'error', message },
  ];
  for (let text = 1; text < message.length; text++) {
    const accumulator = new ResponseAccumulator({ ...LIMITS, text });
    for (const event of events) accumulator.add(event);
    expect(JSON.stringify(accumulator.result())).not.toMatch(/user:|pass/);
  }
});

test('a text longer than the span limit is whole for a completion hook', async () => {
  const piece = 'All work and no play. ';
  const [pieces, whole] = [10_000, piece.repeat(10_000)];
  const seen: unknown[] = [];
  const completionHook = ({ outputMessages }: Completion): void => void seen.push(outputMessages);
  const { client, simulator } = await startProgram({
    config: { captureMessageContent: 'SPAN_ONLY', completionHook },
    content: true,
    eventContent: false,
  });
  const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: piece } };
  const choice = { index: 0, finish_reason: 'stop', delta: { content: piece, tool_calls: [call] } };
  const data = { id: 'chatcmpl_1', object: 'chat.completion', model: 'gpt-4o', choices: [choice] };
  simulator.next({ sse: Array(pieces).fill({ data }) });
  await Array.fromAsync(
    await client.chat.completions.create({ model: 'gpt-4o', messages: [], stream: true }),
  );
  expect(seen).toMatchObject([[{ parts: [{ content: whole }, { arguments: whole }] }]]);
});
