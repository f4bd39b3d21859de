import { expect, onTestFinished, test } from 'vitest';
import { instrumentOpenAI, span, withConversation, withMetadata } from '../../src/client.ts';
import { defaultObservers } from '../../src/pipeline/default-observers.ts';
import { Observer } from '../../src/pipeline/observer.ts';
import { startProgram } from '../support/program.ts';

/** As `…/register` makes one: it sets OpenTelemetry up before anything is recorded. */
function startRegistered(): { readonly setUps: number } {
  const counter = { setUps: 0 };
  const observer = new Observer({}, () => void counter.setUps++);
  defaultObservers.value.add(observer);
  onTestFinished(() => void defaultObservers.value.delete(observer));
  return counter;
}

test('the first call of a client with its own settings starts OpenTelemetry too', async () => {
  const { client } = await startProgram();
  const counter = startRegistered();
  instrumentOpenAI(client, { captureMessageContent: false });
  expect(counter.setUps).toBe(0);
  await client.models.list();
  await client.models.list();
  expect(counter.setUps).toBe(1);
});

test.each<[string, () => unknown]>([
  ['span', () => span('work', () => undefined)],
  ['withMetadata', () => withMetadata({ userId: 'a' }, () => undefined)],
  ['withConversation', () => withConversation('chat-1', () => undefined)],
])('so does %s, before the function runs', async (_, helper) => {
  await startProgram();
  const counter = startRegistered();
  helper();
  expect(counter.setUps).toBe(1);
});
