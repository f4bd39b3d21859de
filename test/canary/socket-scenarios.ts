import { once } from 'node:events';
import { LiveWS } from 'openai/resources/live/ws';
import { instrumentOpenAI } from '../../src/client.ts';
import { openRealtime } from '../support/realtime-socket.ts';
import { openResponses } from '../support/responses-socket.ts';
import { responseBody } from './bodies.ts';
import type { Secrets } from './secrets.ts';
import { answered, heard, itemCreated, responseEvents, SESSION } from './socket-events.ts';
import type { Scenario, Stage } from './stage.ts';

/** What goes over sockets; every text in it is a secret, and so is its sound. */
export const SOCKET_SCENARIOS: readonly Scenario[] = [
  {
    name: 'responses over a socket',
    async run({ client, simulator, secrets }) {
      simulator.onSocket((server) => {
        let count = 0;
        server.onText = () => {
          const event = `server event ${count}`;
          for (const sent of responseEvents(`resp_${count++}`)) server.send(secrets.plant(sent, event));
        };
      });
      const socket = await openResponses({ client });
      socket.send({ type: 'response.create', ...responseBody(secrets) });
      await socket.ended();
      const output = secrets.make('function output over a socket');
      const input = [{ type: 'function_call_output', call_id: 'call_resp_0', output }];
      socket.send({ type: 'response.create', model: 'gpt-4o-mini', previous_response_id: 'resp_0', input });
      await socket.ended();
      socket.socket.close();
      await socket.closed();
    },
  },
  {
    name: 'responses over a socket that fails',
    async run({ client, simulator, secrets }) {
      simulator.onSocket((server) => {
        server.onText = () => {
          server.send({ type: 'error', status: 400, error: failure(secrets, 'error event') });
          server.close(1011, secrets.make('reason of a close'));
        };
      });
      const socket = await openResponses({ client });
      for (let count = 0; count < 2; count++)
        socket.send({ type: 'response.create', ...responseBody(secrets) });
      await socket.closed();
    },
  },
  { name: 'realtime session', run: (stage) => converse(stage, ({ socket }) => socket.close()) },
  {
    name: 'realtime session that fails',
    run: (stage) =>
      converse(stage, async ({ answer, server }) => {
        const { secrets } = stage;
        const error = failure(secrets, 'failed response');
        const details = { type: 'failed', error };
        await answer(
          { type: 'error', event_id: 'e', error: { ...failure(secrets, 'error'), event_id: 'x' } },
          { type: 'conversation.item.input_audio_transcription.failed', item_id: 'item_9', error },
          { type: 'response.created', response: { id: 'resp_9', status: 'in_progress' } },
          { type: 'response.done', response: { id: 'resp_9', status: 'failed', status_details: details } },
        );
        server.sendText(`no JSON but ${secrets.make('malformed frame')}`);
        server.close(1011, secrets.make('reason of a close'));
      }),
  },
  {
    name: 'live session',
    async run({ client, simulator, secrets, config }) {
      instrumentOpenAI(LiveWS, config);
      const session = { id: 'live_1', model: 'gpt-live-1', instructions: 'Be nice.' };
      simulator.onSocket((server) => {
        server.onText = () => {
          server.send(secrets.plant({ type: 'session.started', session }, 'started'));
          server.send(
            secrets.plant({ type: 'session.output_transcript.delta', delta: 'Well.' }, 'live delta'),
          );
          server.close(1000);
        };
      });
      const socket = new LiveWS(client);
      socket.on('error', () => undefined);
      socket.send(
        secrets.plant({ type: 'session.start', session: { instructions: 'Be nice.' } }, 'live') as never,
      );
      await once(transportOf(socket), 'close');
    },
  },
];

type Pair = Awaited<ReturnType<typeof openRealtime>>;

/** A conversation with a question, a function and an answer; then it ends in some way. */
async function converse(stage: Stage, end: (pair: Pair) => unknown): Promise<void> {
  const { secrets, config } = stage;
  const pair = await openRealtime(stage, config);
  const { say, answer, closed } = pair;
  const plant = (events: readonly object[], place: string): object[] =>
    events.map((event) => secrets.plant(event, place));
  await answer({ type: 'session.created', session: SESSION(secrets) });
  await say(
    { type: 'session.update', session: secrets.plant({ instructions: 'Be short.' }, 'session') },
    ...plant([{ type: 'input_audio_buffer.append', audio: 'sound' }, itemCreated()], 'said'),
    ...plant([{ type: 'response.create', response: { instructions: 'Be nice.' } }], 'asked'),
  );
  await answer(...plant(heard(), 'heard'), ...plant(answered('resp_1'), 'spoken'));
  const item = { type: 'function_call_output', call_id: 'call_resp_1', output: '{"answer":"so"}' };
  await say(...plant([{ type: 'conversation.item.create', item }], 'brought'), { type: 'response.create' });
  await answer(...plant(answered('resp_2'), 'spoken again'));
  await end(pair);
  await closed();
}

function failure(secrets: Secrets, place: string): object {
  const key = secrets.make(`key in ${place}`, 'credential');
  const message = `${secrets.make(`message of ${place}`)}: Incorrect API key provided: ${key}.`;
  return { type: 'invalid_request_error', code: 'invalid_value', message, param: secrets.make(place) };
}

function transportOf({ socket }: LiveWS): NodeJS.EventEmitter {
  return (socket as unknown as { platformSocket: NodeJS.EventEmitter }).platformSocket;
}
