import { type EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import OpenAI from 'openai';
import { OpenAIRealtimeTranslationWS } from 'openai/realtime/translations/ws';
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { describe, expect, it, vi } from 'vitest';
import { instrumentOpenAI } from '../../../src/client.ts';
import { Observer } from '../../../src/pipeline/observer.ts';
import { findPrototypes } from '../../../src/sdk/observed-classes.ts';
import { socketSeam } from '../../../src/sdk/sockets/index.ts';
import { assertSpanTree } from '../../../src/testing.ts';
import { listen } from '../../support/listening.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { platformSocket, valuesOf } from '../../support/responses-socket.ts';
import type { ServerSocket } from '../../support/simulator/index.ts';
import { recordTelemetry } from '../../support/telemetry.ts';
import { unhandledRejection } from '../../support/unhandled-rejection.ts';

const RECONNECT = { onReconnecting: () => undefined, initialDelay: 1, maxDelay: 1 };

/** What says how the request for a model ended. */
const END = ['gen_ai.request.model', 'openai.stream.end'];

function request(model: string) {
  return { type: 'response.create' as const, model, input: 'Hello' };
}

/** A program with a socket whose errors it ignores. */
async function startSocket(options: object = {}, baseURL?: string) {
  const program = await startProgram();
  instrumentOpenAI(ResponsesWS);
  const client = baseURL === undefined ? program.client : program.client.withOptions({ baseURL });
  const socket = new ResponsesWS(client, options as never);
  socket.on('error', () => undefined);
  return { program, socket };
}

/** The server breaks a connection with its first frame. */
function breakAtOnce(server: ServerSocket): void {
  server.onText = () => server.destroy();
}

function onReconnecting(socket: ResponsesWS, run: () => void): void {
  socket.on('reconnecting' as never, run as never);
}

/** An open session over a socket of a class below. */
function startSession<Socket extends NativeWS>(SocketClass: new (url: string) => Socket) {
  const telemetry = recordTelemetry();
  instrumentOpenAI(SocketClass as never);
  const socket = new SocketClass('wss://host/v1/realtime?model=gpt-realtime');
  socket._emit('event', { type: 'session.created', session: { id: 'sess_1' } });
  return { telemetry, socket };
}

describe('socket classes', () => {
  it('are found in classes, subclasses and modules, and nowhere else', () => {
    class Sub extends ResponsesWS {}
    const found = [ResponsesWS, Sub, { ResponsesWS }, { default: ResponsesWS }].map((target) =>
      findPrototypes(target, 'socket'),
    );
    expect(found).toEqual([
      [ResponsesWS.prototype],
      [Sub.prototype],
      [ResponsesWS.prototype],
      [ResponsesWS.prototype],
    ]);
    for (const target of [undefined, null, 7, {}, class {}, { ResponsesWS: class {} }, () => undefined])
      expect(findPrototypes(target, 'socket')).toEqual([]);
  });

  it('are as they were once nobody observes them', () => {
    const before = describePrototypes();
    const seam = socketSeam(ResponsesWS.prototype);
    const [first, second] = [new Observer(), new Observer()];
    seam?.addDefault(first);
    seam?.addDefault(second);
    seam?.removeDefault(first);
    expect(describePrototypes()).not.toEqual(before);
    seam?.removeDefault(second);
    expect(describePrototypes()).toEqual(before);
  });
});

describe('a socket', () => {
  it('that the server refuses ends what waits to be sent, as the program has sent it', async () => {
    const { program, socket } = await startSocket({}, `${await startRefusing()}/v1`);
    const event = request('gpt-sent');
    socket.send(event);
    event.model = 'gpt-never';
    await new Promise((resolve) => platformSocket(socket).once('close', resolve));
    await program.expectTree('chat gpt-sent  !401');
  });

  it('that the server refuses before the program listens leaves no span open', async () => {
    const { client, telemetry } = await startProgram();
    const { port } = new URL(await startRefusing());
    instrumentOpenAI(OpenAIRealtimeWS);
    const options = { createConnection: () => connect(Number(port), '127.0.0.1') };
    const refused = new OpenAIRealtimeWS({ model: 'gpt-realtime', options } as never, client as never);
    // Without a listener, the SDK rejects a promise that nobody can handle.
    const rejected = unhandledRejection();
    await new Promise((resolve) => refused.socket.once('close', resolve));
    await rejected;
    assertSpanTree(telemetry.spans, 'realtime  !401');
  });

  it('of a translation counts the errors of the API, which do not end it', async () => {
    const { client, simulator, telemetry } = await startProgram();
    instrumentOpenAI(OpenAIRealtimeTranslationWS);
    simulator.onSocket(() => undefined);
    const { port } = new URL(simulator.url);
    const socket = await OpenAIRealtimeTranslationWS.create(
      // It refuses addresses without TLS.
      client.withOptions({ baseURL: simulator.url.replace('http:', 'https:') }),
      {
        model: 'gpt-realtime-translate',
        options: { createConnection: () => connect(Number(port), '127.0.0.1') },
      } as never,
    );
    const errors: unknown[] = [];
    socket.on('error', (error) => void errors.push(error));
    const connection = platformSocket(socket as never) as unknown as WebSocket & EventEmitter;
    await once(connection, 'open');
    const error = { type: 'invalid_request_error', code: 'invalid_value', message: 'No.', param: null };
    simulator.sockets.at(-1)?.send({ type: 'error', event_id: 'event_1', error });
    await vi.waitUntil(() => errors.length === 1);
    connection.close(1000);
    await once(connection, 'close');
    assertSpanTree(telemetry.spans, 'realtime  openai.socket.error_count=1');
  });

  it('that has closed before the program uses it leaves no span open', async () => {
    const telemetry = recordTelemetry();
    instrumentOpenAI(NativeWS as never);
    const socket = new NativeWS('wss://host/v1/realtime?model=gpt-realtime', new ToldSocket());
    socket.send({ type: 'input_audio_buffer.append', audio: 'AAAA' });
    socket.send({ type: 'input_audio_buffer.append', audio: 'AAAA' });
    socket.close();
    expect(telemetry.openSpans).toEqual([]);
    assertSpanTree(telemetry.spans, 'realtime');
  });

  it('has the errors of the SDK if its methods are called without it', async () => {
    const program = await startProgram();
    instrumentOpenAI(ResponsesWS);
    const socket = new ResponsesWS(program.client);
    await once(platformSocket(socket), 'open');
    const { send, close } = socket;
    expect(() => send({ type: 'response.create' } as never)).not.toThrow('weak');
    expect(() => close()).not.toThrow('weak');
    expect(() => close()).toThrow(TypeError);
    socket.close();
  });

  it('records what waits for the connection as the program has sent it', async () => {
    const { program, socket } = await startSocket();
    let completed = 0;
    socket.on('response.completed', () => void completed++);
    const event = request('gpt-first');
    await program.inSpan(async () => socket.send(event), 'one user');
    expect(program.telemetry.openSpans).toEqual(['chat gpt-first']);
    event.model = 'gpt-second';
    await program.inSpan(async () => socket.send(event), 'another user');
    event.model = 'gpt-never';
    await vi.waitUntil(() => completed === 2);
    socket.close();
    expect(endsByUser(program)).toEqual([
      ['one user', 'chat gpt-first', 'completed'],
      ['another user', 'chat gpt-second', 'completed'],
    ]);
  });

  it('that could not send all that waited sends the rest with the next event', async () => {
    const { program, socket } = await startSocket();
    const send = (model: string): Promise<void> =>
      program.inSpan(async () => socket.send(request(model)), `user of ${model}`);
    const platform = platformSocket(socket);
    platform.send = () => {
      Reflect.deleteProperty(platform, 'send');
      throw new Error('The write fails.');
    };
    for (const model of ['gpt-failed', 'gpt-kept', 'gpt-kept-too']) await send(model);
    await once(platform, 'open');
    let completed = 0;
    socket.on('response.completed', () => void completed++);
    await send('gpt-next');
    await vi.waitUntil(() => completed === 3);
    socket.close();
    const frames = program.simulator.sockets.at(-1)?.frames.map((frame) => JSON.parse(frame).model);
    expect(frames).toEqual(['gpt-kept', 'gpt-kept-too', 'gpt-next']);
    expect(endsByUser(program)).toEqual([
      ['user of gpt-failed', 'chat gpt-failed', 'Error'],
      ['user of gpt-kept', 'chat gpt-kept', 'completed'],
      ['user of gpt-kept-too', 'chat gpt-kept-too', 'completed'],
      ['user of gpt-next', 'chat gpt-next', 'completed'],
    ]);
  });

  it('that reconnects loses what was sent, also what it had kept, and sends the rest once', async () => {
    const { program, socket } = await startSocket({ reconnect: RECONNECT });
    program.simulator.onSocket(breakAtOnce, breakAtOnce);
    const models = ['gpt-kept', 'gpt-answered'];
    onReconnecting(socket, () => socket.send(request(models.shift() ?? '')));
    socket.send(request('gpt-lost'));
    await socket.emitted('response.completed');
    expect(valuesOf(program.telemetry, ...END)).toEqual([
      ['gpt-lost', 'error'],
      ['gpt-kept', 'error'],
      ['gpt-answered', 'completed'],
    ]);
    expect(program.simulator.sockets.map(({ frames }) => frames.length)).toEqual([1, 1, 1]);
    socket.close();
  });

  it.each([1, 2, 3])('that is refused %i times when it reconnects sends what was kept', async (refusals) => {
    const program = await startProgram();
    instrumentOpenAI(ResponsesWS);
    let connections = 0;
    const createConnection = (): Socket => {
      const isRefused = ++connections > 1 && connections <= 1 + refusals;
      return connect(isRefused ? 1 : Number(new URL(program.client.baseURL).port), '127.0.0.1');
    };
    const reconnect = { ...RECONNECT, maxRetries: 8 };
    const socket = new ResponsesWS(program.client, { reconnect, createConnection } as never);
    socket.on('error', () => undefined);
    program.simulator.onSocket(breakAtOnce);
    socket.send(request('gpt-lost'));
    let isKept = false;
    onReconnecting(socket, () => {
      if (!isKept) socket.send(request('gpt-kept'));
      isKept = true;
    });
    await socket.emitted('response.completed');
    expect(valuesOf(program.telemetry, ...END)).toEqual([
      ['gpt-lost', 'error'],
      ['gpt-kept', 'completed'],
    ]);
    socket.close();
  });

  it.each(['flushed', 'taken back'])(
    'that is refused when it reconnects has a request that it keeps until it is %s',
    async (end) => {
      const { client, simulator, telemetry } = await startProgram();
      instrumentOpenAI(OpenAIRealtimeWS);
      simulator.onSocket(() => undefined);
      simulator.onSocket(() => undefined);
      const { port } = new URL(simulator.url);
      let connections = 0;
      const createConnection = () => {
        if (++connections === 2) queueMicrotask(() => socket.send({ type: 'response.create' }));
        return connect(connections === 2 ? 1 : Number(port), '127.0.0.1');
      };
      const reconnect = { reconnect: true, reconnectInitialDelay: 1, maxQueueBytes: 1_000 };
      const props = { model: 'gpt-realtime', ...reconnect, options: { createConnection } };
      const socket: OpenAIRealtimeWS = new OpenAIRealtimeWS(props as never, client as never);
      socket.on('error', () => undefined);
      await once(socket.socket, 'open');
      simulator.sockets.at(-1)?.destroy();
      await new Promise<void>((resolve) => socket.on('reconnected', resolve));
      if (end === 'flushed') socket.flushPending();
      else expect(socket.takePending()).toHaveLength(1);
      for (const type of ['response.created', 'response.done'])
        simulator.sockets.at(-1)?.send({ type, response: { id: 'resp_1', status: 'completed' } });
      await socket.emitted('response.done');
      socket.close();
      await once(socket.socket, 'close');
      const spans = telemetry.spans.filter(({ name }) => name.startsWith('chat'));
      const ends = valuesOf({ spans }, 'gen_ai.response.id', 'error.type');
      if (end !== 'flushed') expect(ends.shift()).toEqual([undefined, 'connection_closed']);
      expect(ends).toEqual([['resp_1', undefined]]);
    },
  );

  it.each(['close', 'terminate'] as const)(
    'whose connection the program ends by its %s ends what is open without an error',
    async (end) => {
      const { program, socket } = await startSocket();
      program.simulator.onSocket(() => undefined);
      const platform = platformSocket(socket);
      await once(platform, 'open');
      socket.send(request('gpt-4o'));
      platform[end]();
      await once(platform, 'close');
      expect(valuesOf(program.telemetry, 'openai.stream.end', 'error.type')).toEqual([
        ['aborted', undefined],
      ]);
    },
  );

  it('that reconnects after the program has terminated its connection loses the next one with an error', async () => {
    const { program, socket } = await startSocket({ reconnect: RECONNECT });
    program.simulator.onSocket(() => undefined, breakAtOnce);
    await once(platformSocket(socket), 'open');
    socket.send(request('gpt-left'));
    platformSocket(socket).terminate();
    await socket.emitted('reconnected' as never);
    socket.send(request('gpt-lost'));
    await vi.waitUntil(() => program.telemetry.spans.length === 2);
    socket.close();
    expect(valuesOf(program.telemetry, ...END)).toEqual([
      ['gpt-left', 'aborted'],
      ['gpt-lost', 'error'],
    ]);
  });

  it('that has closed for good records a failed response for what is sent over it', async () => {
    const { program, socket } = await startSocket();
    await once(platformSocket(socket), 'open');
    socket.close();
    await once(platformSocket(socket), 'close');
    socket.send(request('gpt-4o'));
    expect(program.telemetry.openSpans).toEqual([]);
    const [span] = program.telemetry.spans;
    expect(span?.attributes['error.type']).toBe('connection_closed');
  });

  it('whose runtime closes it in native code ends what is open, with the program or by itself', () => {
    const telemetry = recordTelemetry();
    instrumentOpenAI(NativeWS as never);
    const [closed, lost] = [new NativeWS(), new NativeWS()];
    for (const each of [closed, lost]) each.send(request('gpt-4o'));
    const realtime = new NativeWS('wss://host/v1/realtime?model=gpt-realtime');
    realtime._emit('event', { type: 'session.created', session: { id: 'sess_1' } });
    expect(telemetry.openSpans).toHaveLength(3);
    closed.close();
    closed._emit('event', { type: 'response.created', response: { id: 'resp_1' } });
    for (const { socket } of [lost, realtime]) socket.end();
    expect(telemetry.openSpans).toEqual([]);
    expect(valuesOf(telemetry, 'gen_ai.operation.name', 'openai.stream.end', 'error.type')).toEqual([
      ['chat', 'aborted', undefined],
      ['chat', 'error', 'connection_closed'],
      [undefined, undefined, undefined],
    ]);
  });

  it('whose connection does not tell its state is closed all the same', () => {
    const telemetry = recordTelemetry();
    instrumentOpenAI(NativeWS as never);
    const { socket } = new NativeWS();
    Object.defineProperty(socket, 'readyState', {
      get: () => {
        throw new Error('Unknown.');
      },
    });
    expect(() => socket.close()).not.toThrow();
    expect(telemetry.spans).toEqual([]);
  });

  it('of a hand-written class, which calls its listeners itself, ends what is open when it has closed', () => {
    vi.stubGlobal('WebSocket', HandWrittenSocket);
    const telemetry = recordTelemetry();
    instrumentOpenAI(OpenAIRealtimeWebSocket);
    const client = new OpenAI({ apiKey: 'test', baseURL: 'http://127.0.0.1:1/v1' });
    const socket = new OpenAIRealtimeWebSocket({ model: 'gpt-realtime' }, client);
    const transport = socket.socket as unknown as HandWrittenSocket;
    transport.tell('message', { type: 'session.created', session: { id: 'sess_1' } });
    expect(telemetry.openSpans).toEqual(['realtime']);
    transport.readyState = 3;
    transport.tell('close');
    expect(telemetry.openSpans).toEqual([]);
    vi.unstubAllGlobals();
  });

  it('whose error the SDK has reported ends the session as failed, though its code is not known', () => {
    const { telemetry, socket } = startSession(NativeWS);
    socket._onError(null, 'broken', null);
    socket.socket.end();
    const [session] = telemetry.spans;
    expect([session?.name, session?.attributes['error.type']]).toEqual(['realtime', 'connection_closed']);
  });

  it('that its runtime has closed ends the session before the one over the next connection', () => {
    const { telemetry, socket } = startSession(NativeWS);
    socket.socket.readyState = 3;
    socket.socket = new NativeSocket();
    socket._emit('event', { type: 'session.created', session: { id: 'sess_2' } });
    socket.close();
    const ids = telemetry.spans.map(({ attributes }) => attributes['gen_ai.conversation.id']);
    expect(ids).toEqual(['sess_1', 'sess_2']);
  });

  it('over which the program sends past the SDK records that once', async () => {
    const { program, socket } = await startSocket();
    // The SDK keeps this one until the connection is open.
    socket.send(request('gpt-kept'));
    await socket.emitted('response.completed');
    platformSocket(socket).send(JSON.stringify(request('gpt-own')));
    await socket.emitted('response.completed');
    socket.send(request('gpt-sent'));
    await socket.emitted('response.completed');
    socket.close();
    const models = valuesOf(program.telemetry, 'gen_ai.request.model').flat();
    expect(models).toEqual(['gpt-kept', 'gpt-own', 'gpt-sent']);
  });

  it('over which nothing has passed ends when it has closed, too', () => {
    const telemetry = recordTelemetry();
    instrumentOpenAI(NativeWS as never);
    const socket = new NativeWS('wss://host/v1/realtime?model=gpt-realtime').on();
    socket.socket.end();
    expect(telemetry.spans.map(({ name }) => name)).toEqual(['realtime']);
  });

  it('records what the SDK has kept in the session over the connection that it is sent over', () => {
    const { telemetry, socket } = startSession(KeepingWS);
    socket.socket.readyState = 3;
    socket.send({ type: 'response.create' });
    socket.reconnect();
    socket.close();
    expect(valuesOf(telemetry, 'gen_ai.conversation.id', 'openai.socket.sent_events')).toEqual([
      ['sess_1', 0],
      ['sess_2', undefined],
      ['sess_2', 1],
    ]);
  });

  it('whose event cannot be serialised records a failed response', async () => {
    const { program, socket } = await startSocket();
    const circular: Record<string, unknown> = { type: 'response.create', model: 'gpt-4o' };
    circular.self = circular;
    expect(() => socket.send(circular as never)).not.toThrow();
    await once(platformSocket(socket), 'open');
    socket.close();
    const [span] = program.telemetry.spans;
    expect(span?.attributes['error.type']).toBe('TypeError');
  });
});

class Emitter {
  on(): this {
    return this;
  }

  _emit(..._: unknown[]): void {}
}

class Events extends Emitter {}

class NativeSocket extends EventTarget {
  readyState = 1;

  send(_: string): void {}

  end(): void {
    this.readyState = 3;
    this.dispatchEvent(new Event('close'));
  }

  // Bound functions show no source, as native ones.
  override readonly dispatchEvent = super.dispatchEvent.bind(this);

  close(): void {}
}

/** What the platform's class is on Bun, in Workers and in browsers, as far as the seam can tell. */
class NativeWS extends Events {
  readonly url: string;
  declare socket: NativeSocket;

  constructor(url: string = 'wss://host/v1/responses', socket: NativeSocket = new NativeSocket()) {
    super();
    this.url = url;
    this.socket = socket;
  }

  send(event: unknown): void {
    this.socket.send(JSON.stringify(event));
  }

  _onError(..._: unknown[]): void {}

  close(): void {
    this.socket.end();
  }
}

/** That of the package `ws`, which reports its close, as it was refused. */
class ToldSocket extends NativeSocket {
  override readyState = 3;
  emitClose(): void {}
}

class HandWrittenSocket {
  readyState = 1;
  readonly #listeners: (readonly [type: string, listener: (event: object) => void])[] = [];

  addEventListener(type: string, listener: (event: object) => void): void {
    this.#listeners.push([type, listener]);
  }

  removeEventListener(): void {}

  tell(type: string, data?: object): void {
    const event = { type, code: 1000, data: JSON.stringify(data) };
    for (const [wanted, listener] of this.#listeners) if (wanted === type) listener(event);
  }

  send(): void {}

  close(): void {}
}

/** Keeps what is sent over a closed connection for the next one. */
class KeepingWS extends NativeWS {
  readonly #kept: string[] = [];

  sendRaw(_: string): void {}

  override send(event: unknown): void {
    if (this.socket.readyState > 1) this.#kept.push(JSON.stringify(event));
    else this.socket.send(JSON.stringify(event));
  }

  reconnect(): void {
    this.socket = new NativeSocket();
    this._emit('event', { type: 'session.created', session: { id: 'sess_2' } });
    for (const frame of this.#kept.splice(0)) this.socket.send(frame);
  }
}

function describePrototypes(): unknown[] {
  const found: unknown[] = [];
  for (let holder = ResponsesWS.prototype; holder !== null; holder = Object.getPrototypeOf(holder))
    found.push(Object.getOwnPropertyDescriptors(holder));
  return found;
}

/** The address of a server that refuses every socket. */
function startRefusing(): Promise<string> {
  return listen(createServer().on('upgrade', (_, stream) => stream.end('HTTP/1.1 401 Unauthorized\r\n\r\n')));
}

function endsByUser({ telemetry: { spans } }: Program): unknown[] {
  const nameOf = (id: string | undefined): string | undefined =>
    spans.find((span) => span.spanContext().spanId === id)?.name;
  return spans
    .filter(({ name }) => name.startsWith('chat '))
    .map(({ name, parentSpanContext, attributes }) => [
      nameOf(parentSpanContext?.spanId),
      name,
      attributes['error.type'] ?? attributes['openai.stream.end'],
    ]);
}
