import { now } from '../../util/clock.ts';
import { activeContext, isSuppressed } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { asObject, field } from '../../util/payload.ts';
import { PatchedClass } from '../patches.ts';
import { isObject } from '../reflect.ts';
import { closeOf, httpUrl, parseFrame, type SocketObservation } from '../sockets/socket.ts';
import { Transports } from '../sockets/transport.ts';

/**
 * The transports of `@openai/agents` for realtime agents, which use no class of `openai`. They pass received messages to
 * `_onMessage`, whose argument has the WebSocket as `target`, and send with the WebSocket's own `send`.
 */
export class RealtimeTransports extends PatchedClass {
  readonly #transports = new Transports();
  /** `undefined` for a WebSocket that nothing observes. */
  #known = new WeakMap<object, SocketObservation | undefined>();

  protected patch(): void {
    const read = (message: unknown): void => this.#read(message);
    this.patches.wrap(this.prototype, '_onMessage', (original) => ({
      _onMessage(...args) {
        guard('reading a realtime frame', read, args[0]);
        return original.apply(this, args);
      },
    }));
  }

  /** Open connections continue without being recorded. */
  protected override unobserved(): void {
    this.#transports.restore();
    this.#known = new WeakMap();
  }

  #read(message: unknown): void {
    const socket = field(message, 'target');
    // A data channel of WebRTC has no address.
    if (!isObject(socket) || typeof field(socket, 'url') !== 'string') return;
    if (!this.#known.has(socket)) this.#known.set(socket, this.#open(socket));
    this.#known.get(socket)?.received(parseFrame(field(message, 'data')));
  }

  #open(socket: object): SocketObservation | undefined {
    const active = activeContext();
    const observer = this.newest;
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
    if (observation !== undefined) this.#watch(socket, observation);
    return observation;
  }

  #watch(socket: object, observation: SocketObservation): void {
    let byProgram = false;
    this.#transports.watch(socket, {
      closed: (code) => observation.closed(closeOf({ code, byProgram, error: undefined, hasFailed: false })),
      closing: () => {
        byProgram = true;
      },
      sending: (frame) =>
        guard('recording a realtime frame', () => observation.sent(asObject(parseFrame(frame)), false)),
    });
  }
}
