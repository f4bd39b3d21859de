import type OpenAI from 'openai';
import type { Stream } from 'openai/streaming';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Call } from '../../src/sdk/call.ts';
import { HELLO, useSession } from '../support/use-session.ts';

type Chunks = Stream<OpenAI.Chat.ChatCompletionChunk>;

const session = useSession();

/** Calls whose results are watched for collection: V8 keeps those through collections of young objects. */
const watched = new Set<unknown>();

beforeEach(() => {
  watched.clear();
  const { register, unregister }: FinalizationRegistry<unknown> = FinalizationRegistry.prototype;
  vi.spyOn(FinalizationRegistry.prototype, 'register').mockImplementation(function (
    this: FinalizationRegistry<unknown>,
    ...args
  ) {
    if (args[1] instanceof Call) watched.add(args[2]);
    register.apply(this, args);
  });
  vi.spyOn(FinalizationRegistry.prototype, 'unregister').mockImplementation(function (
    this: FinalizationRegistry<unknown>,
    token,
  ) {
    watched.delete(token);
    return unregister.call(this, token);
  });
});

afterEach(() => void vi.restoreAllMocks());

test.each<[string, (stream: Chunks) => Promise<void>]>([
  [
    'is read to its end',
    async (stream) => {
      for await (const _ of stream);
    },
  ],
  [
    'is left early',
    async (stream) => {
      for await (const _ of stream) break;
    },
  ],
  ['is aborted unread', async (stream) => stream.controller.abort()],
])('a stream is watched for collection until it %s', async (_, read) => {
  const stream = await session().client.chat.completions.create({ ...HELLO, stream: true });
  expect(watched.size).toBe(1);
  await read(stream);
  expect(watched.size).toBe(0);
});
