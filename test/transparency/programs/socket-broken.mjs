import { clientFor, plainConnection, socketClass, useSocket } from '../runtime/sockets.mjs';

export default async (world) => {
  const Class = await socketClass(import('openai/beta/realtime/ws'), 'OpenAIRealtimeWS', world);
  const options = await plainConnection(world);
  const open = (Used) => new Used({ model: 'gpt-realtime', options }, clientFor(world));
  return [await useSocket(Class, open, talk), await useSocket(Class, open, talk, { listens: false })];
};

function talk(_, send) {
  send({ type: 'response.create', held: true });
  send({ type: 'break' });
}
