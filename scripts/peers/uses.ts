import type { OpenAI } from 'openai';
import type { Stream } from 'openai/streaming';
import { ANSWER, CUT_MODEL, REJECTED_MODEL } from './api.ts';

export interface Use {
  /** The row of the table. */
  readonly title: string;
  /** @throws Error if the program does not get what it gets without the package */
  readonly run: (client: OpenAI) => Promise<unknown>;
  /** Whether only garbage collection can show that the call has ended. */
  readonly isAbandoned?: boolean;
}

const BODY = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hi' }] };
const STREAMED = { ...BODY, stream: true } as const;

export const WRONG_RESULT = 'wrong result';

/** Ten ways to use the SDK. */
export const USES: readonly Use[] = [
  {
    title: '`withResponse()`',
    run: async ({ chat }) => {
      const { data, response } = await chat.completions.create(BODY).withResponse();
      expectSame([data.choices[0]?.message.content, response.status], [ANSWER, 200]);
    },
  },
  {
    title: '`asResponse()`, then its body',
    run: async ({ chat }) => {
      const response = await chat.completions.create(BODY).asResponse();
      const body = (await response.json()) as OpenAI.ChatCompletion;
      expectSame(body.choices[0]?.message.content, ANSWER);
    },
  },
  {
    title: '`parse()`',
    run: async ({ chat }) => {
      const { choices } = await chat.completions.parse(BODY);
      expectSame(choices[0]?.message.content, ANSWER);
    },
  },
  {
    title: 'a response with status 400',
    run: async ({ chat }) => {
      const failure = await failureOf(chat.completions.create({ ...BODY, model: REJECTED_MODEL }));
      expectSame((failure as { status?: number }).status, 400);
    },
  },
  {
    title: 'a stream, `withResponse()`',
    run: async ({ chat }) => {
      const { data } = await chat.completions.create(STREAMED).withResponse();
      expectSame(await readText(data), ANSWER);
    },
  },
  {
    title: 'a stream left early',
    run: async ({ chat }) => {
      for await (const _ of await chat.completions.create(STREAMED)) break;
    },
  },
  {
    title: 'a connection closed during a stream',
    run: async ({ chat }) => {
      const stream = await chat.completions.create({ ...STREAMED, model: CUT_MODEL });
      await failureOf(readText(stream));
    },
  },
  {
    title: '`stream.tee()`',
    run: async ({ chat }) => {
      const [one, other] = (await chat.completions.create(STREAMED)).tee();
      expectSame([await readText(one), await readText(other)], [ANSWER, ANSWER]);
    },
  },
  {
    title: 'a stream that is never read',
    run: async ({ chat }) => {
      await chat.completions.create(STREAMED);
    },
    isAbandoned: true,
  },
  {
    title: '`chat.completions.stream()`',
    run: async ({ chat }) => {
      const { choices } = await chat.completions.stream(BODY).finalChatCompletion();
      expectSame(choices[0]?.message.content, ANSWER);
    },
  },
];

async function readText(stream: Stream<OpenAI.ChatCompletionChunk>): Promise<string> {
  let text = '';
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
  return text;
}

async function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  const failure = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure === undefined) throw new Error('It did not fail.');
  return failure;
}

function expectSame(found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected))
    throw new Error(`${WRONG_RESULT}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
}
