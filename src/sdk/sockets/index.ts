import { guard } from '../../util/guard.ts';
import { PatchedClass } from '../patches.ts';
import { isObject, prototypesOf } from '../reflect.ts';
import { SocketState } from './state.ts';
import { Transports } from './transport.ts';

/** What programs send with. Each version has some of them, on the class itself or on its base. */
const SENDING = ['send', 'sendRaw', 'sendResponseCreate'] as const;
/** What the SDK reports a broken connection with. */
const REPORTING = ['_onError', '_reportError'] as const;
/** Where each class keeps its connection. */
const CONNECTION = 'socket';

/**
 * The seam of the socket classes that share an event emitter: those of `ws` and of the platform's `WebSocket`.
 *
 * @returns `undefined` if the class is built in a way that is not known
 */
export function socketSeam(prototype: object): PatchedClass | undefined {
  const emitter = findEmitter(prototype);
  if (emitter === undefined) return undefined;
  const seam = (PatchedClass.find(emitter) as SocketClasses | undefined) ?? new SocketClasses(emitter);
  seam.observed.add(prototype);
  return seam;
}

/**
 * The last prototype before the one that owns `_emit`. The SDK's event emitter owns it, which the SDK also uses for
 * other things.
 */
function findEmitter(prototype: object): object | undefined {
  const chain = [...prototypesOf(prototype)];
  return chain[chain.findLastIndex((holder) => Object.hasOwn(holder, '_emit')) - 1];
}

/**
 * Sees each event once: received ones as the SDK emits them to its listeners, sent ones as the program hands them over. It
 * adds no listener and changes no frame.
 */
class SocketClasses extends PatchedClass {
  /** The classes that are observed. A program's own subclass keeps the methods that it overrides. */
  readonly observed: WeakSet<object> = new WeakSet();
  readonly #transports = new Transports();
  #states = new WeakMap<object, SocketState>();

  protected patch(): void {
    const hear = this.#hear;
    this.patches.override(this.prototype, '_emit', (inherited) => ({
      _emit(...args) {
        hear(this, args[0], args[1]);
        return inherited().apply(this, args);
      },
    }));
    this.#seeNew();
  }

  /** Open sockets go on unrecorded. */
  protected override unobserved(): void {
    this.#states = new WeakMap();
    this.#transports.restore();
    Reflect.deleteProperty(this.prototype, CONNECTION);
  }

  /**
   * Every constructor assigns its connection, in the context that the program makes the socket in. The emitter has no such
   * property, so this setter sees the first assignment, and gives the socket the property that it would have had.
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

  readonly #hear = (socket: object, name: unknown, event: unknown): void => {
    try {
      this.#stateOf(socket)?.heard(name, event);
    } catch {
      // Everything below is guarded; this is for what a hostile object throws at us before that.
    }
  };

  /** The state of a socket that is observed; nothing that a socket does to be found can throw. */
  readonly #stateOf = (socket: unknown): SocketState | undefined => {
    // A detached method has no socket.
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

  /** Wraps the methods of the observed class that a socket is of, and of those that it extends. */
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
      for (const name of REPORTING)
        this.patches.wrap(holder, name, (original) => ({
          [name](...args) {
            stateOf(this)?.broke(args[0], args[2]);
            return original.apply(this, args);
          },
        }));
      this.patches.wrap(holder, 'close', (original) => ({
        close(...args) {
          stateOf(this)?.closing();
          return original.apply(this, args);
        },
      }));
    }
  }
}
