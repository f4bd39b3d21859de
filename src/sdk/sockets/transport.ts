import { guard } from '../../util/guard.ts';
import { asNumber, field } from '../../util/payload.ts';
import { SweepTimer } from '../../util/sweep-timer.ts';
import { type Method, Patches } from '../patches.ts';
import { asMethod, isObject } from '../reflect.ts';

/** Ready states of a WebSocket. */
export const CONNECTING = 0;
export const CLOSING = 2;
export const CLOSED = 3;

/** How often sockets that emit no `close` are checked. */
const SOCKET_SWEEP_INTERVAL_MS = 1_000;

/**
 * Called when a connection has closed.
 *
 * @param opened whether frames have passed over it
 * @param isLate whether it was noticed some time later
 */
export type TransportListener = (code: number | undefined, opened: boolean, isLate: boolean) => void;

/** What is told of a connection. */
export interface TransportObserver {
  readonly closed: TransportListener;
  /** Something is about to be sent, by the SDK or by the program itself. */
  sending?(data: unknown): void;
}

/**
 * Sees connections close. Not every class of the SDK tells it, and a listener of ours could be counted, so the method
 * that tells the listeners is wrapped: `emitClose` of the package `ws`, `dispatchEvent` of the platform's class. It does
 * nothing for sockets that are not the SDK's. Bun, Workers and browsers close their sockets in native code, where no
 * method can be wrapped, and a hand-written class may have no such method: such a socket is looked at when the program
 * uses it, and now and then.
 */
export class Transports {
  readonly #listeners = new WeakMap<object, TransportListener>();
  readonly #senders = new WeakMap<object, TransportObserver>();
  readonly #patches = new Patches();
  /** The sockets that emit no `close`. The runtime keeps open sockets, too. */
  readonly #untold = new Set<object>();
  readonly #timer = new SweepTimer(
    () => this.#sweep(),
    () => this.#sweep(),
  );

  /** @returns whether its close may be {@link missed} */
  watch(transport: object, observer: TransportObserver): boolean {
    this.#listeners.set(transport, observer.closed);
    if (observer.sending !== undefined) this.#watchSend(transport, observer);
    const holder = holderOf(transport, 'emitClose');
    if (holder !== undefined)
      this.#patches.wrap(holder, 'emitClose', (original) => this.#wrapEmitClose(original));
    else this.#watchPlatform(transport);
    if (holder !== undefined || !isSilent(transport)) return false;
    this.#untold.add(transport);
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
    const listener = this.#listeners.get(transport);
    if (listener === undefined) return false;
    const readyState = asNumber(field(transport, 'readyState')) ?? CONNECTING;
    // Workers leave a socket that the server has closed in `CLOSING`.
    if (readyState < CLOSING && !isClosing) return false;
    this.#listeners.delete(transport);
    this.#forget(transport);
    guard('closing a socket', listener, undefined, true, !isClosing);
    return true;
  }

  restore(): void {
    this.#patches.restore();
    this.#untold.clear();
    this.#timer.stop();
  }

  #sweep(): void {
    // One that was told after all needs no further look.
    for (const transport of [...this.#untold])
      if (this.#listeners.has(transport)) guard('reading a socket', () => this.missed(transport, false));
      else this.#forget(transport);
  }

  #forget(transport: object): void {
    this.#untold.delete(transport);
    if (this.#untold.size === 0) this.#timer.stop();
  }

  #watchSend(transport: object, observer: TransportObserver): void {
    const holder = holderOf(transport, 'send');
    if (holder === undefined) return;
    this.#senders.set(transport, observer);
    const senders = this.#senders;
    this.#patches.wrap(holder, 'send', (original) =>
      asMethod({
        send(...args) {
          senders.get(this)?.sending?.(args[0]);
          return original.apply(this, args);
        },
      }),
    );
  }

  #wrapEmitClose(original: Method): Method {
    const listeners = this.#listeners;
    return asMethod({
      emitClose(...args) {
        const listener = listeners.get(this);
        if (listener !== undefined) {
          listeners.delete(this);
          // `ws` has a stream of the connection as soon as the server has accepted it.
          guard(
            'closing a socket',
            listener,
            asNumber(field(this, '_closeCode')),
            isObject(field(this, '_socket')),
            false,
          );
        }
        return original.apply(this, args);
      },
    });
  }

  #watchPlatform(transport: object): void {
    const prototype: unknown = Object.getPrototypeOf(transport);
    const inherits = holderOf(transport, 'dispatchEvent');
    if (!isObject(prototype) || inherits === undefined) return;
    const listeners = this.#listeners;
    this.#patches.override(prototype, 'dispatchEvent', (inherited) =>
      asMethod({
        dispatchEvent(...args) {
          const [event] = args;
          const listener = field(event, 'type') === 'close' ? listeners.get(this) : undefined;
          if (listener !== undefined) {
            listeners.delete(this);
            guard('closing a socket', listener, asNumber(field(event, 'code')), true, false);
          }
          return inherited().apply(this, args);
        },
      }),
    );
  }
}

/** The socket of the package `ws` or of the platform: newer classes of the SDK keep it in an adapter. */
export function transportOf(socket: object): object | undefined {
  const transport = field(socket, 'socket');
  const inner = field(transport, 'platformSocket') ?? transport;
  return isObject(inner) ? inner : undefined;
}

/** Whether no method can be wrapped that tells of the close. Hand-written classes may call their listeners themselves. */
function isSilent(transport: object): boolean {
  const close = field(transport, 'close');
  if (holderOf(transport, 'dispatchEvent') === undefined) return true;
  return typeof close === 'function' && Function.prototype.toString.call(close).includes('[native code]');
}

/** The object on the prototype chain that has the method. */
export function holderOf(object: object, name: string): object | undefined {
  for (let holder: object | null = object; holder !== null; holder = Object.getPrototypeOf(holder))
    if (Object.hasOwn(holder, name)) return holder;
  return undefined;
}
