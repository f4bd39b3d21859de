import { clientFor, socketClass, useSocket } from '../runtime/sockets.mjs';

export default async (world) => {
  const Class = await socketClass(import('openai/resources/responses/ws'), 'ResponsesWS', world);
  const use = (listens) => useSocket(Class, (Used) => new Used(clientFor(world)), talk, { listens });
  return [await use(true), await use(false)];
};

function talk(socket, send, done) {
  send({ type: 'response.create', model: 'gpt-4o', input: 'Hello' });
  send({ type: 'unknown', toJSON: () => ({ type: 'also.unknown' }) });
  done.push(['raw', socket.sendRaw?.('{"type":"response.create","model":"gpt-4o"}')]);
  send({ type: 'bye' });
}
