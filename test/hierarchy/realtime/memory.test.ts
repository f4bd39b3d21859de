import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { areCollected } from '../../support/collected.ts';
import { startProgram } from '../../support/program.ts';
import { openRealtime, type RealtimePair } from '../../support/realtime-socket.ts';
import { created, done, SESSION } from './events.ts';

const REJECTION = { type: 'error', error: { code: 'invalid_value', param: 'response.input' } };

/** Ways in which a request ends while its socket stays open. */
const ENDS: Readonly<Record<string, (pair: RealtimePair, request: object) => Promise<void>>> = {
  async answered({ say, answer }, request) {
    await say({ type: 'response.create', response: request });
    await answer(created('resp_1'), done('resp_1', {}));
  },
  async rejected({ say, answer }, request) {
    await say({ type: 'response.create', response: request });
    await answer(REJECTION);
  },
  async 'not sent'({ socket, errors }, request) {
    // JSON has no such number.
    socket.send({ type: 'response.create', response: { ...request, max_output_tokens: 1n } } as never);
    // The stack of the last error refers to what was being sent.
    socket.send({ type: 'input_audio_buffer.append', audio: 1n } as never);
    errors.length = 0;
  },
};

test.each(Object.entries(ENDS))(
  'a request that is %s is not kept until its socket closes',
  async (_, end) => {
    const program = await startProgram();
    const pair = await openRealtime(program);
    await pair.answer({ type: 'session.created', session: SESSION });
    const ask = async (): Promise<WeakRef<object>> => {
      const item = { type: 'item_reference', id: 'item_1' };
      await end(pair, { input: [item] });
      return new WeakRef(item);
    };
    const item = await ask();
    await pair.say({ type: 'input_audio_buffer.clear' });
    expect(await areCollected(item)).toBe(true);
    expect(program.telemetry.openSpans).toEqual(['realtime']);
  },
);

test('a socket that has closed leaves neither its context nor its client, although its session is known', async () => {
  const program = await startProgram();
  const connect = async (): Promise<WeakRef<object>[]> => {
    const client = program.client.withOptions({});
    const caller = ROOT_CONTEXT.setValue(createContextKey('request'), {});
    const open = (): Promise<RealtimePair> => openRealtime({ ...program, client });
    const { answer, server, closed } = await context.with(caller, open);
    await answer({ type: 'session.created', session: SESSION }, created('resp_1'), done('resp_1', {}));
    server.close();
    await closed();
    return [new WeakRef(client), new WeakRef(caller)];
  };
  const kept = await connect();
  expect(await areCollected(...kept)).toBe(true);
});
