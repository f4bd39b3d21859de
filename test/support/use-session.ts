import type OpenAI from 'openai';
import { afterEach, beforeEach, expect, onTestFinished } from 'vitest';
import { type Session, type SessionOptions, startSession } from './session.ts';
import type { Answer } from './simulator/index.ts';

/** The body of a chat completion, for tests that need no other. */
export const HELLO: OpenAI.Chat.ChatCompletionCreateParamsNonStreaming = {
  model: 'gpt-4o',
  messages: [{ role: 'user', content: 'Hello there' }],
};

/** A session that is verified when its test ends. */
export async function openSession(options?: SessionOptions): Promise<Session> {
  const session = await startSession(options);
  onTestFinished(() => session.verify());
  return session;
}

/** An answer whose body takes longer than the second that a test waits for it: the SDK then sends its request again. */
export const SLOW_BODY: Answer = {
  sse: Array.from({ length: 100 }, () => ({ data: 'x' })),
  eventDelayMs: 100,
  headers: { 'content-type': 'application/json' },
};

/** A session for each test, which is verified after it. */
export function useSession(
  options?: SessionOptions,
  end: (session: Session) => Promise<void> = ({ verify }) => verify(),
): () => Session {
  let session: Session | undefined;
  const current = (): Session => {
    if (session === undefined) throw new Error('There is no session.');
    return session;
  };
  beforeEach(async () => {
    session = await startSession(options);
  });
  afterEach(() => end(current()));
  return current;
}

/** A session whose payloads are malformed. The conventions cannot hold for all its spans; but each ends, and nothing is logged. */
export function useMalformedSession(): () => Session {
  const options = { config: { captureMessageContent: true } } as const;
  return useSession(options, async (session) => {
    await session.provider.shutdown();
    await session.simulator.close();
    expect(session.openSpans).toEqual([]);
    expect(session.warnings).toEqual([]);
  });
}
