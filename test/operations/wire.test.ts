import { readFileSync } from 'node:fs';
import type { Attributes } from '@opentelemetry/api';
import type OpenAI from 'openai';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../support/listening.ts';
import { type Session, startSession } from '../support/session.ts';

/** An answer as a service sent it, and what is right to record of it: see `NOTICE.md` beside the answers. */
interface Case {
  readonly file: string;
  readonly base: string;
  readonly model: string;
  readonly says: string;
  readonly status?: number;
  readonly attributes?: Attributes;
  readonly calls?: readonly [name: string, args: unknown][];
  readonly reasoning?: string;
  readonly text?: string;
  readonly error?: string | true;
  readonly noCost?: true;
  readonly noCostBelow?: number;
  readonly cachedAtMostInput?: true;
  readonly provider?: 'not openai';
}

interface Part {
  readonly type: string;
  readonly content?: string;
  readonly name?: string;
  readonly arguments?: unknown;
}

const FOLDER = new URL('../fixtures/wire/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, FOLDER), 'utf8');
const CASES = JSON.parse(read('cases.json')) as readonly Case[];

const HELLO: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hello' }];

/** A program whose client believes that it talks to the service. A server on this machine sends the bytes. */
async function startAt(base: string, status: number, ...files: readonly string[]): Promise<Session> {
  const answers = [...files];
  const url = await listen((_, response) => {
    const file = answers.shift() ?? '';
    const type = file.endsWith('.sse') ? 'text/event-stream' : 'application/json';
    response.writeHead(status, { 'content-type': type }).end(read(file));
  });
  const session = await startSession({
    config: { captureMessageContent: 'SPAN_ONLY', cost: true },
    client: { baseURL: base, fetch: (_, init) => fetch(url, init) },
    mayLog: true,
  });
  onTestFinished(() => session.verify().catch(expectOnlyMissing));
  return session;
}

/** Some services leave out what every answer should have, such as an id. */
function expectOnlyMissing({ message }: Error): void {
  const [, ...findings] = message.split('\n');
  expect(findings.filter((finding) => !finding.endsWith('is missing (recommended)'))).toEqual([]);
}

function partsIn({ 'gen_ai.output.messages': messages }: Attributes): readonly Part[] {
  const [message] = JSON.parse(String(messages ?? '[]')) as { readonly parts: readonly Part[] }[];
  return message?.parts ?? [];
}

function joined(parts: readonly Part[], type: string): string {
  return parts
    .filter((part) => part.type === type)
    .map(({ content }) => content)
    .join('');
}

function expectRecorded(expected: Case, recorded: Attributes): void {
  const parts = partsIn(recorded);
  const { attributes = {}, calls, reasoning, text, error, noCostBelow = 0 } = expected;
  expect(recorded).toMatchObject(attributes);
  if (error === undefined) expect(recorded).not.toHaveProperty(['error.type']);
  else expect(recorded['error.type']).toEqual(error === true ? expect.any(String) : error);
  const called = parts
    .filter(({ type }) => type === 'tool_call')
    .map(({ name, arguments: given }) => [name, given]);
  if (calls !== undefined) expect(called).toEqual(calls);
  if (reasoning !== undefined) expect(joined(parts, 'reasoning')).toBe(reasoning);
  if (text !== undefined) expect(joined(parts, 'text')).toBe(text);
  const cost = Number(recorded['openai.cost'] ?? Infinity);
  expect(cost).toBeGreaterThanOrEqual(expected.noCost ? Infinity : noCostBelow);
  const { 'gen_ai.usage.cache_read.input_tokens': cached = 0, 'gen_ai.usage.input_tokens': input } = recorded;
  if (expected.cachedAtMostInput) expect(Number(cached)).toBeLessThanOrEqual(Number(input));
  if (expected.provider === 'not openai') expect(recorded['gen_ai.provider.name']).not.toBe('openai');
}

async function callTo({ client }: Session, { file, model }: Case): Promise<void> {
  const answer = client.chat.completions.create({ model, messages: HELLO, stream: file.endsWith('.sse') });
  const given = await answer.catch(() => []);
  if (Symbol.asyncIterator in given) for await (const _ of given);
}

test('a loop that answers the call of a stream from Together has its execute_tool span', async () => {
  const session = await startAt(
    'https://api.together.xyz/v1',
    200,
    'together-tool-call.sse',
    'text-null.sse',
  );
  const { completions } = session.client.chat;
  const name = 'get_weather';
  const tools: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: { name } }];
  for await (const _ of await completions.create({ model: 'm', messages: HELLO, tools, stream: true }));
  const call = {
    id: 'call_yu1mxtmex7x48nximi9c8jpo',
    type: 'function' as const,
    function: { name, arguments: '{"city":"Paris"}' },
  };
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    ...HELLO,
    { role: 'assistant', tool_calls: [call] },
    { role: 'tool', tool_call_id: call.id, content: 'Sunny' },
  ];
  for await (const _ of await completions.create({ model: 'm', messages, tools, stream: true }));
  expect(session.spans.map((span) => span.name)).toContain('execute_tool get_weather');
});

for (const each of CASES) {
  const { file, base, says, status = 200 } = each;
  test(`${file}: ${says}`, async () => {
    const session = await startAt(base, status, file);
    await callTo(session, each);
    expectRecorded(each, session.spans.at(-1)?.attributes ?? {});
  });
}
