import { guard } from '../../util/guard.ts';
import { asNumber, field } from '../../util/payload.ts';
import { Patches } from '../patches.ts';
import { holderOf, isObject } from '../reflect.ts';
import { isOrderly } from './socket.ts';

const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 2;

export interface TransportObserver {
  closed(code: number | undefined): void;
  /** Called before the program closes the connection, through the SDK or past it. */
  closing(): void;
  /** Called before each `send()` of the connection, whoever calls it. The data may not go out. */
  sending(data: unknown): void;
}

/**
 * Sees connections send and close. A program could notice a listener of ours, so the method that calls the
 * listeners is wrapped: `emitClose` of the package `ws`, `dispatchEvent` of the platform's class. Where no
 * such method is called, as in Bun, Workers and browsers, the connection gets a listener.
 */
export class Transports {
  /** A connection is removed once it is known to have closed. */
  #observers = new WeakMap<object, TransportObserver>();
  readonly #patches = new Patches();

  watch(transport: object, observer: TransportObserver): void {
    this.#observers.set(transport, observer);
    const prototype = Object.getPrototypeOf(transport);
    this.#before(holderOf(prototype, 'send'), 'send', (each, data) =>
      this.#observers.get(each)?.sending(data),
    );
    for (const name of ['close', 'terminate'])
      this.#before(holderOf(prototype, name), name, (each, code) => {
        if (isOfProgram(each, name, code)) this.#observers.get(each)?.closing();
      });
    const emitsClose = holderOf(prototype, 'emitClose');
    if (emitsClose !== undefined)
      this.#before(emitsClose, 'emitClose', (each) => this.#closed(each, field(each, '_closeCode')));
    else if (isSilent(transport)) this.#listen(transport);
    else
      this.#before(prototype, 'dispatchEvent', (each, event) => {
        if (field(event, 'type') === 'close') this.#closed(each, field(event, 'code'));
      });
    // A connection that has already closed will not report that again.
    this.missed(transport);
  }

  missed(transport: object): void {
    const readyState = asNumber(field(transport, 'readyState')) ?? CONNECTING;
    if (readyState > CLOSING) this.#closed(transport, undefined);
  }

  /** Open connections continue unobserved. */
  restore(): void {
    this.#observers = new WeakMap();
    this.#patches.restore();
  }

  #closed(transport: object, code: unknown): void {
    const observer = this.#observers.get(transport);
    this.#observers.delete(transport);
    if (observer !== undefined) guard('closing a socket', () => observer.closed(asNumber(code)));
  }

  #listen(transport: object): void {
    const { addEventListener } = transport as Partial<EventTarget>;
    addEventListener?.call(transport, 'close', (event) => this.#closed(transport, field(event, 'code')));
  }

  /** Calls `observe` with the connection and the first argument before each call of a method of the class. */
  #before(holder: unknown, name: string, observe: (transport: object, given: unknown) => void): void {
    if (!isObject(holder)) return;
    this.#patches.override(holder, name, (inherited) => ({
      [name](...args) {
        observe(this, args[0]);
        return inherited().apply(this, args);
      },
    }));
  }
}

/** The socket of `ws` or of the platform inside the SDK's socket. Newer classes keep it in an adapter. */
export function transportOf(socket: object): object | undefined {
  const transport = field(socket, 'socket');
  const inner = field(transport, 'platformSocket') ?? transport;
  return isObject(inner) ? inner : undefined;
}

/**
 * Whether the program closes an open connection. The package `ws` also does, when the server closes or sends what is
 * no WebSocket frame, and the SDK drops connections that were refused.
 */
function isOfProgram(transport: object, name: string, code: unknown): boolean {
  const readyState = asNumber(field(transport, 'readyState')) ?? OPEN;
  if (field(transport, '_closeFrameReceived') === true || readyState > OPEN) return false;
  return name === 'close' ? code === undefined || isOrderly(code) : readyState === OPEN;
}

/** Whether the listeners are called by native code, or by a class without `dispatchEvent`. */
function isSilent(transport: object): boolean {
  const dispatch = field(transport, 'dispatchEvent');
  return (
    typeof dispatch !== 'function' || Function.prototype.toString.call(dispatch).includes('[native code]')
  );
}
