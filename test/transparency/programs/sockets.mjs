// The socket classes of the SDK: each of them, with and without listeners, and how their connections end.
import {
  clientFor,
  next,
  plainConnection,
  socketClass,
  transportOf,
  useSocket,
  withPlainPlatform,
} from '../runtime/sockets.mjs';

/** Two sockets, one with listeners and one without. */
async function useTwo(Class, open, talk) {
  return [await useSocket(Class, open, talk), await useSocket(Class, open, talk, { listens: false })];
}

/** What most programs do with an open realtime session, until the server closes it. */
function talk(_, send) {
  send({ type: 'response.create', response: { instructions: 'Be short.' } });
  send({ type: 'input_audio_buffer.append', audio: 'AAAA' });
  send({ type: 'conversation.item.truncate', item_id: 'item_1', content_index: 0, audio_end_ms: 10 });
  send({ type: 'bye' });
}

/** The same after a request that cannot be serialised. */
function talkInCircles(socket, send) {
  const circular = { type: 'response.create' };
  circular.self = circular;
  send(circular);
  talk(socket, send);
}

async function realtime(module, world, use) {
  const Class = await socketClass(module, 'OpenAIRealtimeWS', world);
  const options = await plainConnection(world);
  return use(Class, (Used) => new Used({ model: 'gpt-realtime', options }, clientFor(world)));
}

async function platform(module, world) {
  const Class = await socketClass(module, 'OpenAIRealtimeWebSocket', world);
  const client = clientFor(world, { dangerouslyAllowBrowser: true });
  const open = (Used) => withPlainPlatform(() => new Used({ model: 'gpt-realtime' }, client), world);
  return useTwo(Class, open, talk);
}

async function responses(module, world) {
  const Class = await socketClass(module, 'ResponsesWS', world);
  return useTwo(
    Class,
    (Used) => new Used(clientFor(world)),
    (socket, send, done) => {
      send({ type: 'response.create', model: 'gpt-4o', input: 'Hello' });
      send({ type: 'unknown', toJSON: () => ({ type: 'also.unknown' }) });
      done.push(['raw', socket.sendRaw?.('{"type":"response.create","model":"gpt-4o"}')]);
      send({ type: 'bye' });
    },
  );
}

async function live(module, name, world, ...parameters) {
  const Class = await socketClass(module, name, world);
  return useTwo(
    Class,
    (Used) => new Used(clientFor(world), ...parameters),
    (_, send) => {
      send({ type: 'session.update', session: {} });
      send({ type: 'bye' });
    },
  );
}

/** How long it waits is random. */
function withoutDelay(value) {
  return typeof value?.delay === 'number' ? { ...value, delay: 'some' } : value;
}

export default {
  'socket-responses': (world) => responses(import('openai/resources/responses/ws'), world),
  'socket-responses-beta': (world) => responses(import('openai/resources/beta/responses/ws'), world),
  'socket-realtime': (world) =>
    realtime(import('openai/realtime/ws'), world, (...opening) => useTwo(...opening, talkInCircles)),
  'socket-realtime-beta': (world) =>
    realtime(import('openai/beta/realtime/ws'), world, (...opening) => useTwo(...opening, talkInCircles)),
  'socket-realtime-platform': (world) => platform(import('openai/realtime/websocket'), world),
  'socket-realtime-beta-platform': (world) => platform(import('openai/beta/realtime/websocket'), world),
  'socket-live': (world) => live(import('openai/resources/live/ws'), 'LiveWS', world),
  'socket-live-fork': (world) =>
    live(import('openai/resources/live/forks/ws'), 'ForksWS', world, { session_id: 's' }),
  'socket-live-sideband': (world) =>
    live(import('openai/resources/live/sideband/ws'), 'SidebandWS', world, { session_id: 's' }),

  async 'socket-translation'(world) {
    const module = import('openai/realtime/translations/ws');
    const Class = await socketClass(module, 'OpenAIRealtimeTranslationWS', world);
    const options = await plainConnection(world);
    // It refuses addresses without TLS.
    const client = clientFor(world, { baseURL: world.options.baseURL.replace('http:', 'https:') });
    return useTwo(
      Class,
      (Used) => Used.create(client, { model: 'gpt-realtime-translate', options }),
      (_, send) => {
        send({ type: 'session.input_audio_buffer.append', audio: 'AAAA' });
        send({ type: 'bye' });
      },
    );
  },

  'socket-broken': (world) =>
    realtime(import('openai/beta/realtime/ws'), world, (...opening) =>
      useTwo(...opening, (_, send) => {
        send({ type: 'response.create', held: true });
        send({ type: 'break' });
      }),
    ),

  'socket-left': (world) =>
    realtime(import('openai/beta/realtime/ws'), world, (...opening) =>
      useSocket(...opening, async (socket, send) => {
        send({ type: 'response.create', held: true });
        await next(socket, 'response.created');
        socket.close({ code: 1000, reason: 'enough' });
      }),
    ),

  async 'socket-reconnects'(world) {
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
  },
};
