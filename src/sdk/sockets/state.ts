import { now } from '../../util/clock.ts';
import { activeContext } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { asObject, field, fieldsOf, objectField } from '../../util/payload.ts';
import type { CallObserver } from '../call.ts';
import { isObject, propertyOf, prototypesOf } from '../reflect.ts';
import { Seam, seenCalls } from '../seam.ts';
import { ResponsesSocket } from './responses-socket.ts';
import {
  closeOf,
  httpUrl,
  type OpenedSocket,
  parseFrame,
  type SocketClose,
  type SocketKind,
  type SocketObservation,
} from './socket.ts';
import { CLOSED, CLOSING, CONNECTING, type Transports, transportOf } from './transport.ts';

/** The SDK keeps a limited number of bytes; further events are not told apart. */
const MAX_KEPT = 1_000;

/** What fails a request that the SDK drops, because the socket has closed for good. */
const NOT_SENT: object = Object.freeze({ code: 'connection_closed', message: 'The WebSocket is closed.' });

/** One socket of the SDK, with its connections one after the other. Nothing here throws. */
export class SocketState {
  readonly #socket: object;
  readonly #transports: Transports;
  readonly #observation: SocketObservation | undefined;
  /** Emitted by name only: `event` is emitted only if it has a listener. */
  readonly #byName: boolean;
  #transport: object | undefined;
  /** The runtime emits no `close`. */
  #isNative = false;
  #isSending = false;
  /** What the SDK is sending has reached the connection, or is lost. */
  #isPassed = false;
  /** What the SDK keeps to send later: whether it is for the next connection. */
  readonly #kept: boolean[] = [];
  #byProgram = false;
  /** What still arrives after the program has closed it belongs to nothing. */
  #isOver = false;
  #error: unknown;
  /** The SDK has reported an error of the connection, maybe without its cause. */
  #hasFailed = false;

  constructor(socket: object, observer: CallObserver, transports: Transports) {
    this.#socket = socket;
    this.#transports = transports;
    const opened = guard('reading a socket', readSocket, socket);
    this.#byName = opened?.kind === 'translation';
    this.#observation = opened && guard('opening a socket', observe, opened, observer);
    this.#watch();
  }

  /** Called before an event reaches the listeners of the program. */
  heard(name: unknown, event: unknown): void {
    if (this.#observation === undefined || this.#isOver) return;
    if (this.#transport !== transportOf(this.#socket)) this.#watch();
    if (name === 'event' ? !this.#byName : this.#byName && name === field(event, 'type'))
      guard('reading a frame', receive, this.#observation, event);
    else if (name === 'close' && this.#readyState >= CLOSING)
      guard('closing a socket', () => this.#observation?.closed(this.#close(event)));
    else if (name === 'reconnected') {
      this.#error = undefined;
      this.#hasFailed = false;
      this.#observation.reconnected?.();
    }
  }

  /** Sends an event of the program: notes it first, so that its span starts before the SDK's work. */
  send(given: unknown, isRaw: boolean, original: () => unknown): unknown {
    const observation = this.#observation;
    if (observation === undefined || this.#isSending) return original();
    let isLost = false;
    let isClosed = false;
    guard('sending a frame', () => {
      this.#connect();
      this.#see(false);
      const event = isRaw ? parseFrame(given) : given;
      isClosed = this.#readyState >= CLOSING;
      observation.sent(asObject(event), isClosed);
      isLost = isClosed && !canReconnect(this.#socket);
    });
    this.#isSending = true;
    this.#isPassed = isLost;
    try {
      const result = original();
      if (!this.#isPassed && this.#kept.length < MAX_KEPT) this.#kept.push(isClosed);
      if (isLost) this.#notSent(NOT_SENT);
      return result;
    } catch (error) {
      this.#notSent(error);
      throw error;
    } finally {
      this.#isSending = false;
    }
  }

  /** Called when the SDK reports an error: an event of the API, or a cause of its own. */
  broke(first: unknown, cause: unknown): void {
    const apiError = this.#byName ? objectField(first, 'error') : undefined;
    if (apiError !== undefined) {
      this.heard('error', { type: 'error', error: apiError });
      return;
    }
    if (asObject(first) !== undefined && 'type' in Object(first)) return;
    this.#hasFailed = true;
    const error = cause ?? first ?? undefined;
    if (error !== undefined) this.#error = error;
    // It gives no cause where a socket has closed for good, or too much waits for the next connection.
    if (!this.#isSending) return;
    this.#isPassed = true;
    this.#notSent(error ?? NOT_SENT);
  }

  closing(): void {
    guard('watching a connection', () => {
      this.#connect();
      this.#see(false);
    });
    this.#byProgram = true;
  }

  /** Called when the program's `close()` has returned. */
  closed(): void {
    guard('closing a socket', () => this.#see(true));
  }

  #notSent(error: unknown): void {
    guard('recording a frame', () => this.#observation?.notSent(error));
  }

  get #readyState(): number {
    const state = field(transportOf(this.#socket), 'readyState');
    return typeof state === 'number' ? state : CONNECTING;
  }

  #watch(): void {
    if (this.#observation !== undefined) guard('watching a connection', () => this.#connect());
  }

  #connect(): void {
    const transport = transportOf(this.#socket);
    if (transport === this.#transport) return;
    // Nobody may have told that the one before has closed.
    if (this.#isNative && this.#transport !== undefined) this.#transports.missed(this.#transport, false);
    this.#transport = transport;
    if (transport === undefined) return;
    const isClosed = this.#readyState === CLOSED;
    this.#isNative = this.#transports.watch(transport, {
      closed: (code, opened, isLate) => {
        if (transport !== this.#transport) return;
        this.#observation?.connectionClosed(this.#close(code, isLate), opened && !isClosed);
      },
      sending: (data) => this.#sending(data),
    });
    // It closed before this listener was added, so no event will follow.
    if (isClosed) this.#transports.missed(transport, false);
  }

  /** Anything goes out: what the SDK was just given, what it has kept, or what the program sends past the SDK. */
  #sending(data: unknown): void {
    if (this.#isSending) {
      this.#isPassed = true;
      // The SDK sends in order: what it kept has gone out, or never will.
      if (this.#kept.length > 0) this.#kept.length = 0;
      return;
    }
    guard('recording a frame', () => {
      const wasForNext = this.#kept.shift();
      if (wasForNext === undefined) this.#observation?.sent(asObject(parseFrame(data)), false);
      else if (wasForNext) this.#observation?.flushed?.(asObject(parseFrame(data)));
    });
  }

  /** Notices a close at the next call, where nothing else reports it. */
  #see(isClosing: boolean): void {
    if (!this.#isNative) return;
    const transport = transportOf(this.#socket);
    if (transport !== undefined && this.#transports.missed(transport, isClosing)) this.#isOver = isClosing;
  }

  #close(code: unknown, isLate = false): SocketClose {
    const known = typeof code === 'number' ? code : undefined;
    const told = { byProgram: this.#byProgram, error: this.#error, hasFailed: this.#hasFailed };
    return closeOf({ code: known, isLate, ...told });
  }
}

/** Classes that reconnect keep what is sent meanwhile, or report that they do not. Those before openai 6.49 lose it. */
function canReconnect(socket: object): boolean {
  return typeof field(socket, 'sendRaw') === 'function';
}

function receive(observation: SocketObservation, event: unknown): void {
  observation.received(event);
}

function observe(opened: OpenedSocket, observer: CallObserver): SocketObservation | undefined {
  seenCalls.value.any = true;
  const own = Seam.ofClient(opened.client)?.ownObserver(opened.client) ?? observer;
  guard('opening a socket', () => own.prepare?.());
  if (opened.kind === 'responses') return new ResponsesSocket(opened.client, own);
  return own.openSocket?.(opened);
}

function readSocket(socket: object): OpenedSocket | undefined {
  const { client, _client, url } = fieldsOf(socket);
  const address = readUrl(url);
  const made = isObject(_client) ? _client : isObject(client) ? client : undefined;
  const parameters = address === undefined ? {} : Object.fromEntries(address.searchParams);
  return {
    kind: socketKindOf(socket, address?.pathname ?? ''),
    client: made ?? {
      baseURL: address === undefined ? '' : httpUrl(address),
      deploymentName: parameters.deployment,
    },
    context: activeContext(),
    parameters,
    time: now(),
  };
}

function readUrl(url: unknown): URL | undefined {
  const text = String(url);
  return URL.canParse(text) ? new URL(text) : undefined;
}

const SOCKET_KINDS: readonly (readonly [path: RegExp, className: RegExp, kind: SocketKind])[] = [
  [/\/responses\/?$/, /Responses/, 'responses'],
  [/\/realtime\/translations\/?$/, /Translation/, 'translation'],
  [/\/realtime\/?$/, /Realtime/, 'realtime'],
  [/\/live\//, /Live|Forks|Sideband/, 'live'],
];

/** By its URL, or by the name of its class where a program has chosen another URL. */
function socketKindOf(socket: object, path: string): SocketKind {
  const byPath = SOCKET_KINDS.find(([pattern]) => pattern.test(path));
  if (byPath !== undefined) return byPath[2];
  for (const holder of prototypesOf(socket)) {
    const name = String(propertyOf(field(holder, 'constructor'), 'name'));
    const byClass = SOCKET_KINDS.find(([, pattern]) => pattern.test(name));
    if (byClass !== undefined) return byClass[2];
  }
  return 'live';
}
