import { guard } from '../../util/guard.ts';
import { asNumber, field } from '../../util/payload.ts';
import { SweepTimer } from '../../util/sweep-timer.ts';
import { Patches } from '../patches.ts';
import { holderOf, isObject } from '../reflect.ts';

/** Ready states of a WebSocket. */
export const CONNECTING = 0;
export const CLOSING = 2;
export const CLOSED = 3;

/** How often sockets that emit no `close` are checked. */
const SOCKET_SWEEP_INTERVAL_MS = 1_000;

/** What is told of a connection. */
export interface TransportObserver {
  /**
   * Called once it has closed.
   *
   * @param opened whether frames have passed over it
   * @param isLate whether it was noticed some time later
   */
  closed(code: number | undefined, opened: boolean, isLate: boolean): void;
  /** Called when something is about to be sent, by the SDK or by the program itself. */
  sending(data: unknown): void;
}

/**
 * Sees connections send and close. Not every class of the SDK reports a close, and a listener of ours could be counted, so
 * the method that reports the listeners is wrapped: `emitClose` of the package `ws`, `dispatchEvent` of the platform's
 * class. It does nothing for sockets that are not the SDK's. Bun, Workers and browsers close their sockets in native code,
 * where no method can be wrapped, and a hand-written class may have no such method: such a socket is looked at when the
 * program uses it, and now and then.
 */
export class Transports {
  /** Of the connections that have not closed, as far as it is known. */
  readonly #observers = new WeakMap<object, TransportObserver>();
  readonly #patches = new Patches();
  /** The sockets that emit no `close`. The runtime keeps open sockets, too. */
  readonly #silent = new Set<object>();
  readonly #timer = new SweepTimer(
    () => this.#sweep(),
    () => this.#sweep(),
  );

  /** @returns whether it may close without a call of the observer: see {@link missed} */
  watch(transport: object, observer: TransportObserver): boolean {
    this.#observers.set(transport, observer);
    this.#wrapSend(holderOf(transport, 'send'));
    const emitsClose = holderOf(transport, 'emitClose');
    if (emitsClose !== undefined) this.#wrapEmitClose(emitsClose);
    else this.#wrapDispatch(transport);
    if (emitsClose !== undefined || !isSilent(transport)) return false;
    this.#silent.add(transport);
    // Workers have no timers outside of a request.
    if (!this.#timer.isAwake) guard('reading a socket', () => this.#timer.wake(SOCKET_SWEEP_INTERVAL_MS));
    return true;
  }

  /**
   * Tells of a close that no method has told: one that is over, or one that the program asks for.
   *
   * @returns whether it did
   */
  missed(transport: object, isClosing: boolean): boolean {
    if (!this.#observers.has(transport)) return false;
    const readyState = asNumber(field(transport, 'readyState')) ?? CONNECTING;
    // Workers leave a socket that the server has closed in `CLOSING`.
    if (readyState < CLOSING && !isClosing) return false;
    this.#forget(transport);
    this.#closed(transport, undefined, true, !isClosing);
    return true;
  }

  restore(): void {
    this.#patches.restore();
    this.#silent.clear();
    this.#timer.stop();
  }

  #closed(transport: object, code: unknown, opened: boolean, isLate = false): void {
    const observer = this.#observers.get(transport);
    this.#observers.delete(transport);
    if (observer !== undefined)
      guard('closing a socket', () => observer.closed(asNumber(code), opened, isLate));
  }

  #sweep(): void {
    // One whose close was reported after all needs no further check.
    for (const transport of [...this.#silent])
      if (this.#observers.has(transport)) guard('reading a socket', () => this.missed(transport, false));
      else this.#forget(transport);
  }

  #forget(transport: object): void {
    this.#silent.delete(transport);
    if (this.#silent.size === 0) this.#timer.stop();
  }

  #wrapSend(holder: object | undefined): void {
    const observers = this.#observers;
    if (holder === undefined) return;
    this.#patches.wrap(holder, 'send', (original) => ({
      send(...args) {
        observers.get(this)?.sending(args[0]);
        return original.apply(this, args);
      },
    }));
  }

  #wrapEmitClose(holder: object): void {
    const transports = this;
    this.#patches.wrap(holder, 'emitClose', (original) => ({
      emitClose(...args) {
        // `ws` has a stream of the connection as soon as the server has accepted it.
        transports.#closed(this, field(this, '_closeCode'), isObject(field(this, '_socket')));
        return original.apply(this, args);
      },
    }));
  }

  #wrapDispatch(transport: object): void {
    const transports = this;
    const prototype: unknown = Object.getPrototypeOf(transport);
    if (!isObject(prototype) || holderOf(transport, 'dispatchEvent') === undefined) return;
    this.#patches.override(prototype, 'dispatchEvent', (inherited) => ({
      dispatchEvent(...args) {
        const [event] = args;
        if (field(event, 'type') === 'close') transports.#closed(this, field(event, 'code'), true);
        return inherited().apply(this, args);
      },
    }));
  }
}

/** The socket of the package `ws` or of the platform: newer classes of the SDK keep it in an adapter. */
export function transportOf(socket: object): object | undefined {
  const transport = field(socket, 'socket');
  const inner = field(transport, 'platformSocket') ?? transport;
  return isObject(inner) ? inner : undefined;
}

/** Whether no method can be wrapped that reports the close. Hand-written classes may call their listeners themselves. */
function isSilent(transport: object): boolean {
  const close = field(transport, 'close');
  if (holderOf(transport, 'dispatchEvent') === undefined) return true;
  return typeof close === 'function' && Function.prototype.toString.call(close).includes('[native code]');
}
