import { expect, it } from 'vitest';
import { startTutor } from '../support/tutor.ts';

it.each([
  ['events on the step', 'events', Array(4).fill('openai.message.delta'), []],
  ['spans below the step', 'spans', [], Array(4).fill('message_delta')],
  ['not recorded by default', undefined, [], []],
] as const)('the deltas of a streamed message are %s', async (_, streamDeltas, events, spans) => {
  const runs = [{ steps: [{ message: 'x is one third' }] }];
  const tutor = await startTutor({ runs, config: { ...(streamDeltas && { streamDeltas }) } });
  await tutor.inSpan(tutor.stream);
  const [step] = tutor.ended('chat gpt-4o-mini');
  expect(step?.events.map(({ name }) => name)).toEqual(events);
  const below = tutor.telemetry.spans.filter(
    ({ parentSpanContext }) => parentSpanContext?.spanId === step?.spanContext().spanId,
  );
  expect(below.map(({ name }) => name)).toEqual(spans);
});
