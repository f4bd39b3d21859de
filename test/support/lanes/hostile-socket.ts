import { setTimeout as delay } from 'node:timers/promises';
import type { ServerSocket, SocketScript } from '../simulator/index.ts';

const RESPONSE = { id: 'resp_1', object: 'response', model: 'gpt-4o', output: [] };
const SESSION = { id: 'sess_1', model: 'gpt-realtime', type: 'translation', expires_at: 1, audio: {} };

const EVENTS = [
  { type: 'session.created', event_id: 'e1', session: SESSION },
  { type: 'response.created', response: { ...RESPONSE, status: 'in_progress' } },
  { type: 'response.output_audio.delta', response_id: 'resp_1', delta: 'AAAA' },
  { type: 'response.done', response: { ...RESPONSE, status: 'completed' } },
  { type: 'response.completed', response: { ...RESPONSE, status: 'completed' } },
  ...['event', 'raw', 'open', 'reconnecting', 'unheard.of'].map((type) => ({
    type,
    response: null,
    session: 'none',
  })),
  { type: 'error', event_id: 'e2', error: { type: 'invalid_request_error', code: 'x', message: 'No.' } },
].map((event) => JSON.stringify(event));

const TEXTS = ['null', '[]', '42', '"text"', '{}', '{"type":7}', '{"type":"response.created"}', 'no json'];

/** Answers the first frame with everything that an API, or what calls itself one, may send; then it closes. */
export const hostile: SocketScript = (socket) => {
  let answered = false;
  socket.onText = () => {
    if (!answered) void answer(socket);
    answered = true;
  };
};

/** One by one: frames that arrive together are read together. */
async function answer(socket: ServerSocket): Promise<void> {
  await delay(20);
  for (const text of [...EVENTS, ...TEXTS]) {
    socket.sendText(text);
    await delay(4);
  }
  socket.sendBinary(Buffer.from([1, 2, 3]));
  await delay(10);
  socket.close(1011, 'over');
}
