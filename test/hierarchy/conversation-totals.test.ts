import { expect, it } from 'vitest';
import { startTutor } from '../support/tutor.ts';

it('a thread whose span waits for details does not count the runs that began after it ended', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let lists = 0;
  const program = await startTutor({
    runs: [{}, {}],
    client: {
      fetch: async (input, init) => {
        if (String(input).includes('/steps') && ++lists === 1) await held;
        return fetch(input, init);
      },
    },
  });
  const { telemetry } = program;
  await program.inSpan(program.run, 'first');
  await program.inSpan(async () => {
    await program.say();
    await program.run();
  }, 'second');
  release();
  await telemetry.provider.forceFlush();
  const threads = telemetry.spans.filter(({ name }) => name === 'thread');
  const totals = threads.map(({ attributes, parentSpanContext }) => [
    telemetry.spans.find((span) => span.spanContext().spanId === parentSpanContext?.spanId)?.name,
    attributes['openai.total.runs'],
    attributes['openai.total.user_messages'],
  ]);
  expect(totals.slice(1).sort()).toEqual([
    ['first', 1, 1],
    ['second', 2, 2],
  ]);
  const [, first, second] = threads.map(({ attributes }) => Number(attributes['openai.total.input_tokens']));
  expect(Math.max(first ?? 0, second ?? 0)).toBeGreaterThan(Math.min(first ?? 0, second ?? 0));
});
