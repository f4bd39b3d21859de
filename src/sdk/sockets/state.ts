import type { Context } from '@opentelemetry/api';
import { now } from '../../util/clock.ts';
import { activeContext, runIn } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import {
  asNumber,
  asObject,
  asText,
  field,
  fieldsOf,
  objectField,
  type PayloadObject,
} from '../../util/payload.ts';
import type { CallObserver } from '../call.ts';
import { isObject, propertyOf, prototypesOf } from '../reflect.ts';
import { Seam, seenCalls } from '../seam.ts';
import { ResponsesSocket } from './responses-socket.ts';
import {
  closeOf,
  httpUrl,
  type OpenedSocket,
  parseFrame,
  parseReceived,
  type SocketClose,
  type SocketKind,
  type SocketObservation,
} from './socket.ts';
import { CLOSING, OPEN, type Transports, transportOf } from './transport.ts';

/** How many events may wait for a connection. Further ones are not matched when they are sent. */
const MAX_KEPT = 1_000;

/** The error of a request that the SDK drops. */
const NOT_SENT: object = Object.freeze({ code: 'connection_closed', message: 'The WebSocket is closed.' });

/** An event that the program has sent and that has not gone out. */
interface Unsent {
  readonly event: PayloadObject | undefined;
  /** The frame, if the program has serialised it itself. */
  readonly raw: unknown;
  readonly context: Context;
}

/** A frame that the SDK keeps. It is kept serialised, since the program may change the event and send it again. */
interface Kept {
  /** `undefined` if it is binary. */
  readonly frame: string | undefined;
  readonly context: Context;
}

/** One socket of the SDK, which may have several connections, one after the other. Nothing of ours throws here. */
export class SocketState {
  readonly #socket: object;
  readonly #transports: Transports;
  readonly #observation: SocketObservation | undefined;
  /** Whether the class emits events under their own names. It emits `event` only if that has a listener. */
  readonly #byName: boolean;
  #transport: object | undefined;
  #isSending = false;
  #unsent: Unsent | undefined;
  /** The frames that the SDK keeps until a connection is open, in the order in which it will send them. */
  readonly #kept: Kept[] = [];
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

  /** Called before an event reaches the listeners of the program. */
  heard(name: unknown, event: unknown): void {
    const observation = this.#observation;
    if (observation === undefined) return;
    if (this.#transport !== transportOf(this.#socket)) this.#watch();
    if (name === 'event' ? !this.#byName : this.#byName && name === field(event, 'type'))
      guard('reading a frame', receive, observation, event);
    else if (name === 'close' && Number(this.#readyState) >= CLOSING)
      guard('closing a socket', () => {
        const close = this.#close(event);
        this.#keptNotSent(this.#kept.splice(0), close.error);
        observation.closed(close);
      });
    else if (name === 'reconnected') guard('watching a connection', () => this.#reconnected());
  }

  /** Sends an event of the program. Its span starts when it goes out, before the connection does its work. */
  send(given: unknown, isRaw: boolean, original: () => unknown): unknown {
    if (this.#observation === undefined || this.#isSending) return original();
    let isLost = false;
    guard('sending a frame', () => {
      this.#connect();
      isLost = Number(this.#readyState) >= CLOSING && !canReconnect(this.#socket);
      const event = asObject(isRaw ? parseFrame(given) : given);
      this.#unsent = { event, raw: isRaw ? given : undefined, context: activeContext() };
    });
    this.#isSending = true;
    try {
      const result = original();
      if (isLost) this.#lose(NOT_SENT);
      else this.#keep();
      return result;
    } catch (error) {
      this.#lose(error);
      throw error;
    } finally {
      this.#isSending = false;
      this.#unsent = undefined;
    }
  }

  /** Called when the SDK reports an error. It may be an `error` event of the API, or an error of the connection. */
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
    // The SDK gives no cause if a socket has closed for good, or if too much waits for the next connection.
    this.#lose(error ?? NOT_SENT);
  }

  closing(): void {
    this.#watch();
    this.#byProgram = true;
  }

  #reconnected(): void {
    this.#error = undefined;
    this.#hasFailed = false;
    if (keepsUntilAsked(this.#socket)) return;
    // The SDK has already sent what it kept, before we could see the new connection.
    for (const { frame, context } of this.#kept.splice(0))
      runIn(context, () => this.#observation?.sent(asObject(parseReceived(frame))));
  }

  #close(code: unknown): SocketClose {
    const told = { byProgram: this.#byProgram, error: this.#error, hasFailed: this.#hasFailed };
    return closeOf({ code: asNumber(code), ...told });
  }

  /** Called when the event that the SDK is sending will not go out. */
  #lose(error: unknown): void {
    const unsent = this.#unsent;
    this.#unsent = undefined;
    if (unsent !== undefined) this.#notSent(unsent, error);
  }

  #notSent({ event, context }: Pick<Unsent, 'event' | 'context'>, error: unknown): void {
    guard('recording a frame', () => runIn(context, () => this.#observation?.notSent(event, error)));
  }

  #keptNotSent(lost: readonly Kept[], error: unknown): void {
    for (const { frame, context } of lost)
      this.#notSent({ event: asObject(parseReceived(frame)), context }, error);
  }

  /** Called when the SDK has not sent an event at once, but keeps it. Does nothing if the event has gone out. */
  #keep(): void {
    const unsent = this.#unsent;
    this.#unsent = undefined;
    if (unsent === undefined || this.#kept.length >= MAX_KEPT) return;
    const { event, raw, context } = unsent;
    try {
      this.#kept.push({ frame: asText(raw ?? JSON.stringify(event)), context });
    } catch {
      // The SDK does not keep an event that cannot be serialised.
    }
  }

  /** The kept frame that the SDK sends now, if it is one. During a later `send`, its own event waits behind those. */
  #takeKept(data: unknown): Kept | undefined {
    if (this.#kept.length === 0) return undefined;
    const sent = asText(data);
    const index = this.#kept.findIndex(({ frame }) => frame === sent);
    if (this.#isSending && (index < 0 || keepsUntilAsked(this.#socket))) return undefined;
    const lost = this.#kept.splice(0, Math.max(index, 0) + 1);
    const kept = lost.pop();
    // The SDK sends in order, so what it kept before this frame was lost.
    this.#keptNotSent(lost, this.#error ?? NOT_SENT);
    if (this.#isSending) this.#keep();
    return kept;
  }

  get #readyState(): unknown {
    return field(transportOf(this.#socket), 'readyState');
  }

  #watch(): void {
    if (this.#observation !== undefined) guard('watching a connection', () => this.#connect());
  }

  #connect(): void {
    const transport = transportOf(this.#socket);
    if (transport === this.#transport) return;
    // The close of the previous connection may not have been reported.
    if (this.#transport !== undefined) this.#transports.missed(this.#transport);
    this.#transport = transport;
    if (transport === undefined) return;
    this.#transports.watch(transport, {
      closed: (code) => {
        if (transport === this.#transport) this.#observation?.closed(this.#close(code));
      },
      sending: (data) => guard('recording a frame', () => this.#sending(data)),
    });
  }

  /** Called when data goes out: the event being sent, one that the SDK kept, or what the program sends past the SDK. */
  #sending(data: unknown): void {
    const observation = this.#observation;
    if (observation === undefined || (this.#readyState ?? OPEN) !== OPEN) return;
    const kept = this.#takeKept(data);
    if (kept !== undefined) {
      runIn(kept.context, () => observation.sent(asObject(parseReceived(data))));
      return;
    }
    if (!this.#isSending) {
      observation.sent(asObject(parseFrame(data)));
      return;
    }
    // The SDK sends in order, so what it kept has gone out by now, or never will.
    if (this.#kept.length > 0) this.#kept.length = 0;
    const unsent = this.#unsent;
    this.#unsent = undefined;
    if (unsent !== undefined) observation.sent(unsent.event);
  }
}

/** Whether the class reconnects and keeps what is sent meanwhile. Classes before openai 6.49 lose it silently. */
function canReconnect(socket: object): boolean {
  return typeof field(socket, 'sendRaw') === 'function';
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

/** Recognises the API by the socket's URL. If the program has chosen another URL, by the name of the class. */
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
