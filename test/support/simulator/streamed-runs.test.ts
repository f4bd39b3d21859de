import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { startTutor } from '../tutor.ts';
import type { RunScript } from './script.ts';

/** The run of the recording, scripted. */
const RECORDED_RUN: RunScript = {
  steps: [
    { tools: [{ codeInterpreter: { input: 'import sympy' } }], usage: { prompt: 154, completion: 62 } },
    { message: 'The solution is 1.', usage: { prompt: 227, completion: 26 } },
  ],
};

/** The names of the events, with a row of equal ones told once. */
function outline(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => name !== names[index - 1]);
}

it('a streamed run sends the events of the recorded run in order, with every field of its objects', async () => {
  const fixture = new URL('../../fixtures/assistants/streaming.json', import.meta.url);
  const exchanges: { response: { body: unknown } }[] = JSON.parse(await readFile(fixture, 'utf8'));
  const text = exchanges.map(({ response }) => response.body).find((body) => typeof body === 'string') ?? '';
  const recorded = text.split('\n\n').filter((block) => block.startsWith('event: thread.'));
  const names = recorded.map((block) => block.slice('event: '.length, block.indexOf('\n')));
  const { client, threadId, assistantId } = await startTutor({ runs: [RECORDED_RUN] });
  const stream = await client.beta.threads.runs.create(threadId, { assistant_id: assistantId, stream: true });
  const events = await Array.fromAsync(stream);

  expect(outline(events.map(({ event }) => event))).toEqual(outline(names));
  for (const [index, block] of recorded.entries()) {
    const data: object = JSON.parse(block.slice(block.indexOf('data: ') + 'data: '.length));
    const simulated = events.find(({ event }) => event === names[index]);
    expect(Object.keys(simulated?.data ?? {}), names[index]).toEqual(
      expect.arrayContaining(Object.keys(data)),
    );
  }
});
