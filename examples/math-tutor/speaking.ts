import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { OpenAI } from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { startSimulator } from '../../test/support/simulator/index.ts';
import { say } from './narration.ts';
import { SimulatedSession } from './simulated-session.ts';

const CALL = {
  type: 'function_call',
  id: 'item_2',
  call_id: 'call_1',
  name: 'grade_answer',
  arguments: '{"x":1}',
};

/** Holds a spoken conversation: a question, a function of this program, and an answer that the student interrupts. */
export async function speak(): Promise<void> {
  const simulator = await startSimulator();
  const { port } = new URL(simulator.url);
  let session: SimulatedSession | undefined;
  simulator.onSocket((server) => {
    session = new SimulatedSession(server);
  });
  const client = new OpenAI({ apiKey: 'simulated', baseURL: simulator.url });
  // The SDK would use TLS, which the simulated server does not support.
  const options = { createConnection: () => connect(Number(port), '127.0.0.1') };
  const socket = new OpenAIRealtimeWS({ model: 'gpt-realtime', options } as never, client);
  await socket.emitted('session.created');
  if (session === undefined) throw new Error('No session was opened.');

  say('Student', '3x + 11 = 14. Is x equal to 1?');
  socket.send({ type: 'input_audio_buffer.append', audio: 'A'.repeat(64_000) });
  await session.hear('item_1', '3x + 11 = 14. Is x equal to 1?', 1);
  const asked = session.begin();
  await wait(200);
  session.end(asked, [CALL]);
  await socket.emitted('response.done');

  say('Program', 'grade_answer: correct');
  const item = { type: 'function_call_output', call_id: 'call_1', output: '{"correct":true}' } as const;
  socket.send({ type: 'conversation.item.create', item });
  socket.send({ type: 'response.create' });
  const words = 'Yes, x is 1. Subtract 11 on both sides, and divide by 3.';
  const answered = session.begin();
  await wait(250);
  session.speak(answered, 'item_3', words);
  await wait(150);
  session.end(answered, [message('item_3', words)]);
  await socket.emitted('response.done');
  say('Tutor', words);

  // The whole answer has arrived. The program plays it until the student begins to speak.
  await wait(1_200);
  say('Student', 'Thanks! And …');
  const heard = session.hear('item_4', 'Thanks! And …', 0.6);
  const truncate = { type: 'conversation.item.truncate', content_index: 0, audio_end_ms: 1_350 } as const;
  socket.send({ ...truncate, item_id: 'item_3' });
  await heard;
  const interrupted = session.begin();
  await wait(150);
  session.speak(interrupted, 'item_5', 'You are welcome');
  await wait(400);
  session.listen('item_6');
  session.end(interrupted, [message('item_5', 'You are welcome')], true);
  await socket.emitted('response.done');
  say('Tutor', 'You are wel–');

  socket.close();
  await once(socket.socket, 'close');
  await simulator.close();
}

function message(id: string, transcript: string): object {
  return {
    id,
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_audio', transcript }],
  };
}
