/** The server of the measured sockets, in a separate process. It answers each `response.create` immediately. */
import { listen } from '../../test/support/simulator/server.ts';
import type { ServerSocket } from '../../test/support/simulator/web-socket.ts';
import { SOCKET_CASES, SOUND } from './cases.ts';

const USAGE = { input_tokens: 20, output_tokens: 30, total_tokens: 50 };
let responses = 0;

const server = await listen(
  () => {
    throw new Error('Only sockets are expected.');
  },
  0,
  (socket) => {
    const isRealtime = socket.path.includes('/realtime');
    if (isRealtime)
      socket.send({ type: 'session.created', session: { id: 'sess_1', model: 'gpt-realtime' } });
    socket.onText = (text) => {
      // A benchmark sends too many frames to keep them.
      socket.frames.length = 0;
      if (!text.includes('"response.create"')) return;
      const measured = SOCKET_CASES.find(({ title }) => text.includes(title));
      answer(socket, isRealtime, measured?.deltas ?? 0);
    };
  },
);
process.send?.(server.origin);
process.on('disconnect', () => process.exit());

function answer(socket: ServerSocket, isRealtime: boolean, deltas: number): void {
  const id = `resp_${++responses}`;
  const response = { id, object: isRealtime ? 'realtime.response' : 'response', model: 'gpt-4o', output: [] };
  socket.send({ type: 'response.created', response: { ...response, status: 'in_progress' } });
  const place = { response_id: id, item_id: 'item_1', output_index: 0, content_index: 0 };
  const delta = isRealtime
    ? { type: 'response.output_audio.delta', ...place, delta: SOUND }
    : { type: 'response.output_text.delta', ...place, delta: ' word' };
  const text = JSON.stringify(delta);
  for (let index = 0; index < deltas; index++) socket.sendText(text);
  const type = isRealtime ? 'response.done' : 'response.completed';
  socket.send({ type, response: { ...response, status: 'completed', usage: USAGE } });
}
