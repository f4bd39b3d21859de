/** The server of the soaked sockets, in a separate process. Half of its sessions end in a wrong way. */

import { listen } from '../../test/support/simulator/server.ts';
import type { ServerSocket } from '../../test/support/simulator/web-socket.ts';
import { choose, randomFrom } from './random.ts';

type End = 'answer' | 'drop' | 'close' | 'error' | 'malformed' | 'drop at once';

const ENDS: readonly { readonly weight: number; readonly end: End }[] = [
  { weight: 50, end: 'answer' },
  { weight: 20, end: 'drop' },
  { weight: 10, end: 'close' },
  { weight: 10, end: 'error' },
  { weight: 5, end: 'malformed' },
  { weight: 5, end: 'drop at once' },
];
const AUDIO = 'A'.repeat(3_200);

const random = randomFrom(3);
let responses = 0;

const server = await listen(
  () => {
    throw new Error('Only sockets are expected.');
  },
  0,
  open,
);
process.send?.(server.origin);
process.on('disconnect', () => process.exit());

function open(socket: ServerSocket): void {
  const { end } = choose(ENDS, random());
  const isRealtime = socket.path.includes('/realtime');
  if (end === 'drop at once') {
    socket.destroy();
    return;
  }
  if (isRealtime) socket.send({ type: 'session.created', session: { id: `sess_${++responses}` } });
  socket.onText = (text) => {
    if (!text.includes('"response.create"')) return;
    const id = `resp_${++responses}`;
    answer(socket, { id, object: isRealtime ? 'realtime.response' : 'response', model: 'gpt-4o' }, end);
  };
}

function answer(
  socket: ServerSocket,
  response: { readonly id: string; readonly [field: string]: unknown },
  end: End,
): void {
  const place = {
    response_id: response.id,
    item_id: `item_${response.id}`,
    output_index: 0,
    content_index: 0,
  };
  const begun = { ...response, status: 'in_progress', output: [] };
  socket.send({ type: 'response.created', response: begun });
  socket.send({ type: 'response.output_audio.delta', ...place, delta: AUDIO });
  if (end === 'malformed') socket.sendText('no json');
  if (end === 'error') socket.send({ type: 'error', error: { type: 'server_error', message: 'No.' } });
  if (end === 'drop' || end === 'malformed') socket.destroy();
  else if (end === 'answer') {
    const { id } = response;
    const call = {
      type: 'function_call',
      id: place.item_id,
      call_id: `call_${id}`,
      name: 'f',
      arguments: '{}',
    };
    const content = [{ type: 'output_text', text: 'Well.' }];
    const message = { type: 'message', id: place.item_id, role: 'assistant', content };
    const ended = {
      ...response,
      status: 'completed',
      output: [response.object === 'response' ? message : call],
      usage: { input_tokens: 3, output_tokens: 2 },
    };
    for (const type of ['response.done', 'response.completed']) socket.send({ type, response: ended });
  } else socket.close(1011, 'over');
}
