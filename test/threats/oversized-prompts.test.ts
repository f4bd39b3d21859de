import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ContentStore } from '../../src/export.ts';
import { jsonWithin } from '../../src/telemetry/content/content-store.ts';
import { startProgram } from '../support/program.ts';

/**
 * An end user who hides what he does from an audit by a prompt that is too large to be stored, or holds the program up by
 * it: what is not stored leaves a trace of its size and its beginning, and is never copied.
 */
const REFERENCE = 'gen_ai.input.messages_ref';
const LIMIT = 10_000;

interface Stored {
  readonly reference: unknown;
  readonly files: ReadonlyMap<string, string>;
  readonly dropped: number;
}

afterEach(() => void vi.restoreAllMocks());

/** Asks a question with a content store of this limit. */
async function ask(question: string, tools: readonly object[] = []): Promise<Stored> {
  const files = new Map<string, string>();
  const store = new ContentStore({ write: (name, json) => files.set(name, json), maxLength: LIMIT });
  const program = await startProgram({ config: { completionHook: store.hook } });
  await program.client.chat.completions.create({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: question }],
    ...(tools.length > 0 ? { tools: tools as never } : {}),
  });
  await store.flush();
  await program.telemetry.provider.forceFlush();
  const span = program.telemetry.spans.find(({ name }) => name.startsWith('chat'));
  return { reference: span?.attributes[REFERENCE], files, dropped: store.dropped };
}

function stored({ reference, files }: Stored): unknown {
  return JSON.parse(files.get(String(reference)) ?? 'null');
}

describe('an end user sends a prompt that is larger than the limit', () => {
  test('its span refers to a stub', async () => {
    const result = await ask('Forbidden? '.repeat(10_000));
    expect(stored(result)).toEqual([
      { role: 'user', parts: [{ type: 'omitted', name: '…', reason: 'too_large', max_length: LIMIT }] },
    ]);
    expect(result.dropped).toBe(1);
    expect([...result.files.values()].join()).not.toContain('Forbidden');
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

  test('nothing of it is serialised', async () => {
    const stringify = vi.spyOn(JSON, 'stringify');
    const store = new ContentStore({ write: () => undefined });
    const huge = { role: 'user', parts: [{ type: 'text' as const, content: 'x'.repeat(60_000_000) }] };
    const empty = { systemInstructions: [], outputMessages: [], toolDefinitions: [] };
    const completion = { ...empty, inputMessages: [huge], attributes: {} };
    store.hook(completion as never);
    expect(completion.attributes).toHaveProperty([REFERENCE]);
    const lengths = stringify.mock.results.map(({ value }) => String(value).length);
    expect(Math.max(...lengths)).toBeLessThan(1_000);
    await store.flush();
  });

  test.each([
    ['many messages', Array.from({ length: 300_000 }, () => 'x')],
    ['deep nesting', [nested(50_000)]],
    ['a value that leads to itself', [circular()]],
  ])('nothing is stored of what cannot be written: %s', (_, value) => {
    expect(jsonWithin(LIMIT, value)).toBeUndefined();
  });
});

describe('an honest prompt', () => {
  test('within the limit is stored whole, to the last character', async () => {
    const room = LIMIT - '[{"role":"user","parts":[{"type":"text","content":""}]}]'.length;
    const fits = await ask('"'.repeat(room / 2));
    expect([fits.dropped, stored(fits)]).toEqual([
      0,
      [{ role: 'user', parts: [{ type: 'text', content: '"'.repeat(room / 2) }] }],
    ]);
    const tooLarge = await ask('"'.repeat(room / 2 + 1));
    expect(tooLarge.dropped).toBe(1);
  });

  test('is measured like JSON writes it', () => {
    const property = fc.property(
      fc.oneof(fc.array(fc.jsonValue()), fc.array(fc.anything()), fc.array(fc.string({ unit: 'binary' }))),
      (value) => {
        let json: string | undefined;
        try {
          json = JSON.stringify(value);
        } catch {
          // What cannot be written has no length.
        }
        if (json === undefined) return;
        expect(jsonWithin(json.length, value)).toBe(json);
        expect(jsonWithin(json.length - 1, value)).toBeUndefined();
      },
    );
    fc.assert(property, { numRuns: 2_000, seed: 1 });
    const empty = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`long name ${i}`, undefined]));
    expect(jsonWithin(4, [empty])).toBe('[{}]');
    expect(jsonWithin(LIMIT, [{ ['x'.repeat(LIMIT)]: 1 }])).toBeUndefined();
  });
});

test('another user of the machine can read neither the folder nor a file, with any umask', async () => {
  const root = await mkdtemp(join(tmpdir(), 'content-'));
  const before = process.umask(0);
  try {
    const folder = join(root, 'a', 'b');
    const store = new ContentStore({ folder, maxLength: 100 });
    const say = (content: string): unknown => ({
      systemInstructions: [],
      inputMessages: [{ role: 'user', parts: [{ type: 'text', content }] }],
      outputMessages: [],
      toolDefinitions: [],
      attributes: {},
    });
    await store.hook(say('x') as never);
    await store.hook(say('x'.repeat(1_000)) as never);
    const files = await readdir(folder);
    expect(files).toHaveLength(2);
    const paths = [...files.map((file) => join(folder, file)), folder, join(root, 'a')];
    const modes = await Promise.all(paths.map(async (path) => (await stat(path)).mode & 0o777));
    expect(modes).toEqual([0o600, 0o600, 0o700, 0o700]);
    expect(await readFile(join(folder, files[0] ?? ''), 'utf8')).not.toBe('');
  } finally {
    process.umask(before);
    await rm(root, { recursive: true });
  }
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
