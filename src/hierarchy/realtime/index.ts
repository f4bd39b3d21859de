import type { Lose, SocketClose, SocketObservation } from '../../sdk/sockets/socket.ts';
import { activeContext } from '../../util/context.ts';
import { field, type PayloadObject } from '../../util/payload.ts';
import { RealtimeSession, type SessionStart } from './session.ts';

/** Records the sessions of one socket: one session for each connection. */
export class SessionSocket implements SocketObservation {
  readonly #start: SessionStart;
  #session: RealtimeSession;

  constructor(start: SessionStart) {
    this.#start = start;
    this.#session = new RealtimeSession(start, undefined);
  }

  sent(event: PayloadObject | undefined, isLost: boolean): Lose | undefined {
    const type = field(event, 'type');
    if (event === undefined || typeof type !== 'string') return undefined;
    if (!isLost) return this.#connected()?.sent(type, event, activeContext());
    return this.#session.isOpen ? this.#session.lost(type, event, activeContext()) : undefined;
  }

  received(event: unknown): void {
    const type = field(event, 'type');
    if (typeof type === 'string') this.#connected()?.received(type, event as object);
  }

  closed(close: SocketClose): void {
    this.#session.end(close);
  }

  /** The session of the current connection. After a reconnection, a new one begins with its first event. */
  #connected(): RealtimeSession | undefined {
    if (this.#session.isOpen) return this.#session;
    if (this.#start.tracker.telemetry.isDisabled) return undefined;
    this.#session = new RealtimeSession(this.#start, this.#session.record?.span.spanContext());
    return this.#session;
  }
}
