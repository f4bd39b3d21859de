import { guard } from '../../util/guard.ts';
import { PatchedClass } from '../patches.ts';
import { isObject, prototypesOf } from '../reflect.ts';
import { SocketState } from './state.ts';
import { Transports } from './transport.ts';

/** Each version of the SDK has some of these methods, on the class or on its base. */
const SENDING = ['send', 'sendRaw', 'sendResponseCreate'] as const;
const REPORTING = ['_onError', '_reportError'] as const;
const CONNECTION = 'socket';

/** Classes with the same event emitter share their patches. `undefined` for a class of unknown structure. */
export function socketSeam(prototype: object): PatchedClass | undefined {
  const emitter = findEmitter(prototype);
  if (emitter === undefined) return undefined;
  const seam = (PatchedClass.find(emitter) as SocketClasses | undefined) ?? new SocketClasses(emitter);
  seam.observed.add(prototype);
  return seam;
}

/** The prototype below the owner of `_emit`. That owner is the SDK's general emitter, with other uses. */
function findEmitter(prototype: object): object | undefined {
  const chain = [...prototypesOf(prototype)];
  return chain[chain.findLastIndex((holder) => Object.hasOwn(holder, '_emit')) - 1];
}

/**
 * Sees each event once: a received one when the SDK emits it to its listeners, a sent one when the program
 * passes it to the SDK. Adds no listener to the SDK's sockets and changes no frame.
 */
class SocketClasses extends PatchedClass {
  /** The SDK's classes that are observed. Methods that a program's subclass overrides are not patched. */
  readonly observed: WeakSet<object> = new WeakSet();
  readonly #transports = new Transports();
  #states = new WeakMap<object, SocketState>();

  protected patch(): void {
    const read = this.#read;
    this.patches.override(this.prototype, '_emit', (inherited) => ({
      _emit(...args) {
        guard('reading a socket', read, this, args[0], args[1]);
        return inherited().apply(this, args);
      },
    }));
    this.#seeNew();
  }

  /** Open sockets continue without being recorded. */
  protected override unobserved(): void {
    this.#states = new WeakMap();
    this.#transports.restore();
    Reflect.deleteProperty(this.prototype, CONNECTION);
  }

  /**
   * Notices new sockets. Every constructor assigns the connection, in the context in which the program makes
   * the socket. A setter on the emitter sees that, and then defines an ordinary property.
   */
  #seeNew(): void {
    if (CONNECTION in this.prototype || !Object.isExtensible(this.prototype)) return;
    const stateOf = this.#stateOf;
    Object.defineProperty(this.prototype, CONNECTION, {
      configurable: true,
      set(value: unknown) {
        const own = { value, configurable: true, enumerable: true, writable: true };
        Object.defineProperty(this, CONNECTION, own);
        guard('making a socket', stateOf, this);
      },
    });
  }

  readonly #read = (socket: object, name: unknown, event: unknown): void => {
    this.#stateOf(socket)?.emitted(name, event);
  };

  readonly #stateOf = (socket: unknown): SocketState | undefined => {
    // A method that the program has detached from its socket is called without one.
    if (!isObject(socket)) return undefined;
    const known = this.#states.get(socket);
    if (known !== undefined) return known;
    const observer = this.newest;
    if (observer === undefined) return undefined;
    this.#wrapClass(Object.getPrototypeOf(socket));
    const state = new SocketState(socket, observer, this.#transports);
    this.#states.set(socket, state);
    return state;
  };

  /** Wraps the methods of the observed class that a socket belongs to, and of the classes that it extends. */
  #wrapClass(prototype: object): void {
    const chain = [...prototypesOf(prototype)];
    const first = chain.findIndex((holder) => this.observed.has(holder));
    if (first < 0) return;
    const stateOf = this.#stateOf;
    for (const holder of chain.slice(first, chain.indexOf(this.prototype) + 1)) {
      for (const name of SENDING)
        this.patches.wrap(holder, name, (original) => ({
          [name](...args) {
            const state = stateOf(this);
            return state === undefined
              ? original.apply(this, args)
              : state.send(args[0], name === 'sendRaw', () => original.apply(this, args));
          },
        }));
      for (const name of [...REPORTING, 'close', 'takePending'])
        this.patches.wrap(holder, name, (original) => ({
          [name](...args) {
            const state = stateOf(this);
            if (name === 'close') state?.closing();
            else if (name === 'takePending') state?.taken();
            else state?.broke(args[0], args[2]);
            return original.apply(this, args);
          },
        }));
    }
  }
}
