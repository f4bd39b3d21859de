import { clientFor, next, socketClass, transportOf } from '../runtime/sockets.mjs';

export default async (world) => {
  const Class = await socketClass(import('openai/resources/responses/ws'), 'ResponsesWS', world);
  if (Class.prototype.sendRaw === undefined) return world.absent('reconnecting');
  const seen = [];
  const reconnect = { onReconnecting: () => undefined, initialDelay: 1, maxDelay: 1 };
  const socket = new Class(clientFor(world), { reconnect });
  for (const name of ['event', 'error', 'close', 'reconnecting', 'reconnected'])
    socket.on(name, (...args) => seen.push([name, ...args.map(withoutDelay)]));
  // Sent as soon as the connection is open.
  socket.send({ type: 'response.create', model: 'gpt-lost', held: true });
  socket.send({ type: 'break' });
  await next(socket, 'reconnecting');
  socket.send({ type: 'response.create', model: 'gpt-kept' });
  await next(socket, 'response.completed');
  const closed = new Promise((resolve) => transportOf(socket).addEventListener('close', resolve));
  socket.close();
  await closed;
  return seen;
};

/** How long it waits is random. */
function withoutDelay(value) {
  return typeof value?.delay === 'number' ? { ...value, delay: 'some' } : value;
}
