import { expect, test } from 'vitest';
import { created, done, SESSION, sound } from '../hierarchy/realtime/events.ts';
import { type Program, startProgram } from '../support/program.ts';
import { openRealtime } from '../support/realtime-socket.ts';

const CONTENT = { captureMessageContent: 'EVENT_ONLY' } as const;

test.each<[operation: string, run: (program: Program) => Promise<unknown>]>([
  [
    'a background response whose stream is left and resumed',
    async ({ client: { responses } }) => {
      const asked = { model: 'gpt-4o', input: 'Is two prime?', background: true, stream: true } as const;
      let id = '';
      for await (const event of await responses.create(asked)) {
        if ('response' in event) id = event.response.id;
        break;
      }
      for await (const _ of await responses.retrieve(id, { stream: true }));
    },
  ],
  [
    'a response of a realtime session',
    async (program) => {
      const session = await openRealtime(program, CONTENT);
      await session.answer({ type: 'session.created', session: SESSION }, created('resp_1'));
      await session.answer(sound('resp_1'), done('resp_1', {}));
      session.socket.close();
      await session.closed();
    },
  ],
])('the details of %s as an event have all attributes of its span', async (_, run) => {
  const program = await startProgram({ config: CONTENT, content: true });
  await run(program);
  await program.telemetry.provider.forceFlush();
  const { spans, logRecords } = program.telemetry;
  const details = logRecords.filter(({ eventName = '' }) => eventName.endsWith('.details'));
  expect(details.length).toBeGreaterThan(0);
  for (const { attributes, spanContext } of details) {
    const span = spans.find((each) => each.spanContext().spanId === spanContext?.spanId);
    expect(attributes).toMatchObject(span?.attributes ?? { span: 'missing' });
  }
});
