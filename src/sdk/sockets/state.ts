import { now } from '../../util/clock.ts';
import { activeContext } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { asNumber, asObject, field, fieldsOf, objectField, type PayloadObject } from '../../util/payload.ts';
import type { CallObserver } from '../call.ts';
import { isObject, propertyOf, prototypesOf } from '../reflect.ts';
import { Seam, seenCalls } from '../seam.ts';
import { ResponsesSocket } from './responses-socket.ts';
import {
  closeOf,
  httpUrl,
  type Lose,
  type OpenedSocket,
  parseFrame,
  type SocketClose,
  type SocketKind,
  type SocketObservation,
} from './socket.ts';
import { CLOSING, OPEN, type Transports, transportOf } from './transport.ts';

/** How many events may wait for a connection. Further ones are not recognised when the SDK sends them. */
const MAX_KEPT = 1_000;

/** The error of a request that the SDK drops, or that the program takes back. */
const NOT_SENT: object = Object.freeze({ code: 'connection_closed', message: 'The WebSocket is closed.' });

interface Sending {
  readonly event: PayloadObject | undefined;
  /** Whether the event has gone out or was lost. If it is neither when `send` returns, the SDK keeps it. */
  isOver: boolean;
  /** Ends the event's request, if the event has gone out. */
  lose: Lose | undefined;
}

/** One socket of the SDK, which may have several connections in turn. Throws only what the SDK throws. */
export class SocketState {
  readonly #socket: object;
  readonly #transports: Transports;
  readonly #observation: SocketObservation | undefined;
  /** Whether the class emits events under their own names. Listeners of `event` get them, too. */
  readonly #byName: boolean;
  #transport: object | undefined;
  #sending: Sending | undefined;
  /** The SDK keeps these events until a connection is open, and sends them in this order. */
  readonly #kept: (Lose | undefined)[] = [];
  #byProgram = false;
  #error: unknown;
  /** Whether the SDK has reported an error of the connection, maybe without its cause. */
  #hasFailed = false;

  constructor(socket: object, observer: CallObserver, transports: Transports) {
    this.#socket = socket;
    this.#transports = transports;
    const opened = guard('reading a socket', readSocket, socket);
    this.#byName = opened?.kind === 'translation';
    this.#observation = opened && guard('opening a socket', observe, opened, observer);
    this.#watch();
  }

  emitted(name: unknown, event: unknown): void {
    const observation = this.#observation;
    if (observation === undefined) return;
    if (this.#transport !== transportOf(this.#socket)) this.#watch();
    if (name === 'event' ? !this.#byName : this.#byName && name === field(event, 'type'))
      guard('reading a frame', receive, observation, event);
    else if (name === 'close' && Number(this.#readyState) >= CLOSING)
      guard('closing a socket', () => {
        this.#kept.length = 0;
        observation.closed(this.#close(event));
      });
    else if (name === 'reconnected') this.#reconnected();
  }

  /** An event that has to wait for a connection counts as sent at once. */
  send(given: unknown, isRaw: boolean, original: () => unknown): unknown {
    const observation = this.#observation;
    if (observation === undefined || this.#sending !== undefined) return original();
    let isLost = false;
    this.#sending = guard('reading a frame', () => {
      this.#connect();
      isLost = Number(this.#readyState) >= CLOSING && !canReconnect(this.#socket);
      return { event: asObject(isRaw ? parseFrame(given) : given), isOver: false, lose: undefined };
    });
    try {
      const result = original();
      if (isLost) this.#lose(NOT_SENT);
      else if (this.#sending?.isOver === false && this.#kept.length < MAX_KEPT)
        this.#kept.push(guard('sending a frame', () => observation.sent(this.#sending?.event, false)));
      return result;
    } catch (error) {
      this.#lose(error);
      throw error;
    } finally {
      this.#sending = undefined;
    }
  }

  /** The error may be an `error` event of the API, or an error of the connection. */
  broke(first: unknown, cause: unknown): void {
    const apiError = this.#byName ? objectField(first, 'error') : undefined;
    if (apiError !== undefined) {
      this.emitted('error', { type: 'error', error: apiError });
      return;
    }
    if (asObject(first) !== undefined && 'type' in Object(first)) return;
    this.#hasFailed = true;
    const error = cause ?? first ?? undefined;
    if (error !== undefined) this.#error = error;
    // The SDK gives no cause if a socket has closed for good, or if too much waits for the next connection.
    this.#lose(error ?? NOT_SENT);
  }

  /** Called if an event is lost: the one being sent or, on an open connection, the first that was kept. */
  #lose(error: unknown): void {
    const sending = this.#sending;
    guard('losing a frame', () => {
      if (sending === undefined) {
        if (this.#readyState === OPEN) this.#kept.shift()?.(error);
        return;
      }
      const lose = sending.isOver ? sending.lose : this.#observation?.sent(sending.event, true);
      sending.isOver = true;
      sending.lose = undefined;
      lose?.(error);
    });
  }

  taken(): void {
    for (const lose of this.#kept.splice(0)) if (lose !== undefined) guard('losing a frame', lose, NOT_SENT);
  }

  closing(): void {
    this.#watch();
    this.#byProgram = true;
  }

  #reconnected(): void {
    this.#byProgram = false;
    this.#error = undefined;
    this.#hasFailed = false;
    // The SDK has already sent what it kept, before we could see the new connection.
    if (!keepsUntilAsked(this.#socket)) this.#kept.length = 0;
  }

  #close(code: unknown): SocketClose {
    const known = { byProgram: this.#byProgram, error: this.#error, hasFailed: this.#hasFailed };
    return closeOf({ code: asNumber(code), ...known });
  }

  get #readyState(): unknown {
    return field(transportOf(this.#socket), 'readyState');
  }

  #watch(): void {
    if (this.#observation !== undefined) guard('watching a connection', () => this.#connect());
  }

  #connect(): void {
    const transport = transportOf(this.#socket);
    // The close of the previous connection may not have been reported.
    if (this.#transport !== undefined) this.#transports.missed(this.#transport);
    if (transport === this.#transport) return;
    this.#transport = transport;
    if (transport === undefined) return;
    this.#transports.watch(transport, {
      closed: (code) => {
        // What the SDK keeps waits for the next connection. If there is none, the socket itself closes.
        const isAwaited = this.#kept.length > 0 && canReconnect(this.#socket);
        if (transport === this.#transport && !isAwaited) this.#observation?.closed(this.#close(code));
      },
      closing: () => this.closing(),
      sending: (data) => guard('recording a frame', () => this.#goesOut(data)),
    });
  }

  /** Called when data goes out: the event being sent, one that the SDK kept, or what the program sends past the SDK. */
  #goesOut(data: unknown): void {
    if ((this.#readyState ?? OPEN) !== OPEN) return;
    const sending = this.#sending;
    const isKept = this.#kept.length > 0 && !(sending !== undefined && keepsUntilAsked(this.#socket));
    if (isKept) this.#kept.shift();
    else if (sending === undefined) this.#observation?.sent(asObject(parseFrame(data)), false);
    else if (!sending.isOver) {
      sending.isOver = true;
      sending.lose = this.#observation?.sent(sending.event, false);
    }
  }
}

/**
 * Whether the socket may reconnect and keep what is sent meanwhile. Classes before openai 6.49, and a
 * realtime socket without the option `reconnect`, lose such events silently.
 */
function canReconnect(socket: object): boolean {
  return typeof field(socket, 'sendRaw') === 'function' || field(socket, '_recovery') !== undefined;
}

/** Whether the class sends what it has kept only when the program asks for it. */
function keepsUntilAsked(socket: object): boolean {
  return typeof field(socket, 'flushPending') === 'function';
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

/** The socket's URL tells the API. If the program has chosen another URL, the name of the class does. */
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
