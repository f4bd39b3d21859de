import { now } from '../../util/clock.ts';
import { activeContext } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { asObject, field } from '../../util/payload.ts';
import type { CallObserver } from '../call.ts';
import { type Method, PatchedClass, type Patches } from '../patches.ts';
import { asMethod, isObject } from '../reflect.ts';
import { closeOf, httpUrl, parseFrame, parseReceived, type SocketObservation } from '../sockets/socket.ts';
import { holderOf, Transports } from '../sockets/transport.ts';
import { isSuppressed } from '../suppression.ts';

/** A WebSocket of a realtime agent, and what hears its frames. */
interface Connection {
  readonly observation: SocketObservation;
  byProgram: boolean;
}

/**
 * The seam of the transports that `@openai/agents` has for realtime agents. They use no class of `openai`. All of them hand
 * what arrives to one method, with the WebSocket as its target; what is sent passes the method of that WebSocket.
 */
export function realtimeSeam(prototype: object): PatchedClass {
  return PatchedClass.of(prototype, (patches, newest) => {
    const connections = new RealtimeConnections(patches, newest);
    patches.wrap(prototype, '_onMessage', (original): Method => {
      return asMethod({
        _onMessage(...args) {
          guard('reading a realtime frame', () => connections.hear(args[0]));
          return original.apply(this, args);
        },
      });
    });
    return () => connections.stop();
  });
}

class RealtimeConnections {
  readonly #patches: Patches;
  readonly #newest: () => object | undefined;
  readonly #transports = new Transports();
  /** `undefined` for a connection that is not observed. */
  readonly #known = new WeakMap<object, Connection | undefined>();

  constructor(patches: Patches, newest: () => object | undefined) {
    this.#patches = patches;
    this.#newest = newest;
  }

  /** Connections go on unrecorded. */
  stop(): void {
    this.#transports.restore();
  }

  hear(message: unknown): void {
    const socket = field(message, 'target');
    // A data channel of WebRTC has no address.
    if (!isObject(socket) || typeof field(socket, 'url') !== 'string') return;
    if (!this.#known.has(socket)) this.#known.set(socket, this.#open(socket));
    const observation = this.#known.get(socket)?.observation;
    if (observation !== undefined) observation.received(parseReceived(field(message, 'data')));
  }

  #open(socket: object): Connection | undefined {
    const active = activeContext();
    const observer = this.#newest() as CallObserver | undefined;
    const address = new URL(String(field(socket, 'url')));
    if (isSuppressed(active)) return undefined;
    guard('preparing for a realtime agent', () => observer?.prepare?.());
    const observation = observer?.openSocket?.({
      kind: 'realtime',
      client: { baseURL: httpUrl(address) },
      context: active,
      parameters: Object.fromEntries(address.searchParams),
      time: now(),
    });
    if (observation === undefined) return undefined;
    const connection: Connection = { observation, byProgram: false };
    this.#watch(socket, connection);
    return connection;
  }

  #watch(socket: object, connection: Connection): void {
    this.#transports.watch(socket, {
      closed: (code, opened, isLate) => {
        const { observation, byProgram } = connection;
        const close = closeOf({ code, byProgram, isLate, error: undefined, hasFailed: false });
        observation.connectionClosed(close, opened);
        observation.closed(close);
      },
      sending: (frame) => guard('recording a realtime frame', noteSent, connection, frame),
    });
    const known = this.#known;
    // The class belongs to others, whose sockets are not known here.
    const holder = holderOf(socket, 'close');
    if (holder === undefined) return;
    this.#patches.wrap(holder, 'close', (original) =>
      asMethod({
        close(...args) {
          const open = known.get(this);
          if (open !== undefined) open.byProgram = true;
          return original.apply(this, args);
        },
      }),
    );
  }
}

function noteSent({ observation }: Connection, frame: unknown): void {
  observation.sent(asObject(parseFrame(frame)), false);
}
