import { describe, expect, it } from 'vitest';
import { created, done, SESSION, sound } from '../hierarchy/realtime/events.ts';
import { type Program, startProgram } from '../support/program.ts';
import { openRealtime } from '../support/realtime-socket.ts';

const CONTENT = { captureMessageContent: 'EVENT_ONLY' } as const;
const MESSAGES = [{ role: 'user' as const, content: 'Is two a prime number?' }];

/** Programs by what they record last. */
const PROGRAMS: readonly (readonly [operation: string, run: (program: Program) => Promise<unknown>])[] = [
  [
    'a chat completion',
    ({ client }) => client.chat.completions.create({ model: 'gpt-4o', messages: MESSAGES, temperature: 1 }),
  ],
  [
    'a stream',
    async ({ client }) => {
      const stream = { model: 'gpt-4o', messages: MESSAGES, stream: true } as const;
      for await (const _ of await client.chat.completions.create(stream));
    },
  ],
  ['a response', ({ client }) => client.responses.create({ model: 'gpt-4o', input: 'Is two prime?' })],
  [
    'a background response whose stream is left and resumed',
    async ({ client }) => {
      const asked = { model: 'gpt-4o', input: 'Is two prime?', background: true, stream: true } as const;
      let id = '';
      for await (const event of await client.responses.create(asked)) {
        if ('response' in event) id = event.response.id;
        break;
      }
      for await (const _ of await client.responses.retrieve(id, { stream: true }));
    },
  ],
  [
    'a run',
    async ({ client: { beta } }) => {
      const assistant = await beta.assistants.create({ model: 'gpt-4o', name: 'Math Tutor' });
      const thread = await beta.threads.create({ messages: MESSAGES });
      await beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
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
];

describe('the details of an operation as an event', () => {
  it.each(PROGRAMS)('have all attributes of its span: %s', async (_, run) => {
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
});
