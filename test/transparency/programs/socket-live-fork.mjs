import { clientFor, socketClass, useSocket } from '../runtime/sockets.mjs';

export default async (world) => {
  const Class = await socketClass(import('openai/resources/live/forks/ws'), 'ForksWS', world);
  const open = (Used) => new Used(clientFor(world), { session_id: 's' });
  return [await useSocket(Class, open, talk), await useSocket(Class, open, talk, { listens: false })];
};

function talk(_, send) {
  send({ type: 'session.update', session: {} });
  send({ type: 'bye' });
}
