import { afterEach, describe, expect, test, vi } from 'vitest';
import { ContentStore } from '../../src/export.ts';
import { startProgram } from '../support/program.ts';

/**
 * An end user who hides what he does from an audit by a prompt that is too large to be stored, or holds the program up by
 * it: what is not stored leaves a trace of its size and its beginning, and is never serialised.
 */
const REFERENCE = 'gen_ai.input.messages_ref';
const LIMIT = 10_000;

const EMPTY = {
  systemInstructions: [],
  inputMessages: [],
  outputMessages: [],
  toolDefinitions: [],
  attributes: {},
};

function message(content: string): object {
  return { role: 'user', parts: [{ type: 'text', content }] };
}

interface Stored {
  readonly reference: unknown;
  readonly files: ReadonlyMap<string, string>;
  readonly dropped: number;
}

afterEach(() => void vi.restoreAllMocks());

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Asks a question with a content store of this limit. */
async function ask(question: string, tools: readonly object[] = []): Promise<Stored> {
  const files = new Map<string, string>();
  const store = new ContentStore({ put: (name, bytes) => files.set(name, textOf(bytes)), maxLength: LIMIT });
  const program = await startProgram({ config: { completionHook: store.hook } });
  await program.client.chat.completions.create({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: question }],
    ...(tools.length > 0 ? { tools: tools as never } : {}),
  });
  await store.flush();
  const [span] = await program.flushed('chat');
  return { reference: span?.attributes[REFERENCE], files, dropped: store.dropped };
}

function stored({ reference, files }: Stored): unknown {
  return JSON.parse(files.get(String(reference)) ?? 'null');
}

describe('an end user sends a prompt that is larger than the limit', () => {
  test('its span refers to its beginning and its length', async () => {
    const said = 'Forbidden? '.repeat(10_000);
    const result = await ask(said);
    const [message] = stored(result) as [{ parts: [{ content: string; original_length: number }] }];
    const [{ content, original_length }] = message.parts;
    expect([said.startsWith(content), original_length]).toEqual([true, said.length]);
    expect(content.length).toBeGreaterThan(LIMIT / 3);
    expect(String(result.files.get(String(result.reference))).length).toBeLessThanOrEqual(LIMIT);
  });

  test('its newest messages are stored, with the number of the others', async () => {
    const written: string[] = [];
    const store = new ContentStore({ put: (_, bytes) => written.push(textOf(bytes)), maxLength: LIMIT });
    const inputMessages = Array.from({ length: 300_000 }, (_, index) => message(`Message ${index}`));
    store.hook({ ...EMPTY, inputMessages, attributes: {} } as never);
    await store.flush();
    const messages = JSON.parse(String(written)) as { omitted_messages?: number }[];
    expect(messages[0]?.omitted_messages).toBe(inputMessages.length - messages.length + 1);
    expect(messages.at(-1)).toEqual(message('Message 299999'));
  });

  test('other content is stored as usual', async () => {
    const tool = { type: 'function', function: { name: 'look', description: 'Looks.', parameters: {} } };
    const { files } = await ask('x'.repeat(100_000), [tool]);
    expect([...files.keys()].map((name) => name.replace(/-.*/, '')).sort()).toEqual([
      'input_messages',
      'output_messages',
      'tool_definitions',
    ]);
    expect([...files.values()].join()).toContain('Looks.');
  });

  test('nothing beyond the limit is serialised', async () => {
    const stringify = vi.spyOn(JSON, 'stringify');
    const store = new ContentStore({ put: () => undefined });
    const completion = { ...EMPTY, inputMessages: [message('x'.repeat(60_000_000))], attributes: {} };
    store.hook(completion as never);
    expect(completion.attributes).toHaveProperty([REFERENCE]);
    const lengths = stringify.mock.results.map(({ value }) => String(value).length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(4_194_304);
    await store.flush();
  });

  test.each([
    ['deep nesting', nested(50_000)],
    ['a value that leads to itself', circular()],
    [
      'a field that throws',
      {
        get field() {
          throw new Error('field');
        },
      },
    ],
  ])('%s costs nothing else its place', async (_, value) => {
    const written: string[] = [];
    const store = new ContentStore({ put: (_name, bytes) => written.push(textOf(bytes)), maxLength: LIMIT });
    const call = { type: 'tool_call', name: 'look', arguments: value };
    store.hook({ ...EMPTY, inputMessages: [{ role: 'assistant', parts: [call] }, message('Hi')] } as never);
    await store.flush();
    expect([JSON.parse(String(written)).at(-1), store.dropped]).toEqual([message('Hi'), 0]);
  });
});

test('an honest prompt within the limit is stored whole, to the last character', async () => {
  const room = LIMIT - JSON.stringify([message('')]).length;
  const fits = '"'.repeat(room / 2);
  expect(stored(await ask(fits))).toEqual([message(fits)]);
  expect(stored(await ask(`${fits}"`))).toMatchObject([{ parts: [{ original_length: fits.length + 1 }] }]);
});

function nested(depth: number): unknown {
  let value: unknown = 'x';
  for (let count = 0; count < depth; count++) value = [value];
  return value;
}

function circular(): unknown {
  const value: { self?: unknown } = {};
  value.self = value;
  return value;
}
