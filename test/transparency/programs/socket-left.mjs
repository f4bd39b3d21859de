import { clientFor, next, plainConnection, socketClass, useSocket } from '../runtime/sockets.mjs';

export default async (world) => {
  const Class = await socketClass(import('openai/beta/realtime/ws'), 'OpenAIRealtimeWS', world);
  const options = await plainConnection(world);
  return useSocket(Class, (Used) => new Used({ model: 'gpt-realtime', options }, clientFor(world)), leave);
};

async function leave(socket, send) {
  send({ type: 'response.create', held: true });
  await next(socket, 'response.created');
  socket.close({ code: 1000, reason: 'enough' });
}
