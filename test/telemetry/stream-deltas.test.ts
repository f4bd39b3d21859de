import { describe, expect, it } from 'vitest';
import type { OpenAIInstrumentationConfig } from '../../src/client.ts';
import { startTutor, type Tutor } from '../support/tutor.ts';

async function stream(config: OpenAIInstrumentationConfig): Promise<Tutor> {
  const tutor = await startTutor({ runs: [{ steps: [{ message: 'x is one third' }] }], config });
  const { runs } = tutor.client.beta.threads;
  await tutor.inSpan(() => runs.stream(tutor.threadId, { assistant_id: tutor.assistantId }).finalRun());
  return tutor;
}

describe('the deltas of a streamed message', () => {
  it('are events on the step if enabled', async () => {
    const tutor = await stream({ streamDeltas: 'events' });
    const step = tutor.telemetry.spans.find(({ name }) => name === 'chat gpt-4o-mini');
    expect(step?.events.map(({ name }) => name)).toEqual(Array(4).fill('openai.message.delta'));
  });

  it('are spans below the step if enabled', async () => {
    const tutor = await stream({ streamDeltas: 'spans' });
    await tutor.expectTree(`
      program
      └─ thread
         └─ invoke_agent Math Tutor
            └─ chat gpt-4o-mini
               ├─ message_delta
               ├─ message_delta
               ├─ message_delta
               └─ message_delta
    `);
  });

  it('are not recorded by default', async () => {
    const tutor = await stream({});
    const step = tutor.telemetry.spans.find(({ name }) => name === 'chat gpt-4o-mini');
    expect(step?.events).toEqual([]);
  });
});
