import OpenAI from 'openai';
import { afterEach, expect, test, vi } from 'vitest';
import { instrumentOpenAI } from '../../../src/client.ts';

afterEach(() => vi.useRealTimers());

test('a program that counts its timers with fake timers finds none of ours', async () => {
  vi.useFakeTimers();
  const answer = { id: 'chatcmpl-1', model: 'gpt-4o', choices: [] };
  const client = instrumentOpenAI(
    new OpenAI({ apiKey: 'test', fetch: async () => Response.json(answer), maxRetries: 0 }),
    { cost: true },
  );
  const call = client.chat.completions.create({ model: 'gpt-4o', messages: [] });
  expect(await call).toMatchObject(answer);
  expect(vi.getTimerCount()).toBe(0);
});
