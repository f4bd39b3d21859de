import { guard } from '../../util/guard.ts';
import type { CallObserver } from '../call.ts';
import { type Method, PatchedClass, type Patches } from '../patches.ts';
import { asMethod, isObject } from '../reflect.ts';
import { findEmitter } from './find-sockets.ts';
import { SocketState } from './state.ts';
import { Transports } from './transport.ts';

/** What programs send with. Each version has some of them, on the class itself or on its base. */
const SENDING = ['send', 'sendRaw', 'sendResponseCreate'] as const;
/** What the SDK reports a broken connection with. */
const REPORTING = ['_onError', '_reportError'] as const;
/** Where each class keeps its connection. */
const CONNECTION = 'socket';

/** The classes that are observed. A program's own subclass keeps the methods that it overrides. */
const classes = new WeakSet<object>();

/**
 * The seam of the socket classes that share an event emitter: those of `ws` and of the platform's `WebSocket`. It sees each
 * event once: received ones as the SDK emits them to its listeners, sent ones as the program hands them over. It adds no
 * listener and changes no frame.
 *
 * @returns `undefined` if the class is built in a way that is not known
 */
export function socketSeam(prototype: object): PatchedClass | undefined {
  const emitter = findEmitter(prototype);
  if (emitter === undefined) return undefined;
  classes.add(prototype);
  const sockets = new Sockets(emitter);
  return PatchedClass.of(emitter, (patches, newest) => sockets.install(patches, newest));
}

class Sockets {
  readonly #emitter: object;
  readonly #transports = new Transports();
  #states = new WeakMap<object, SocketState>();
  #patches: Patches | undefined;
  #newest: () => object | undefined = () => undefined;

  constructor(emitter: object) {
    this.#emitter = emitter;
  }

  /** @returns restores what is no method. Open sockets go on unrecorded */
  install(patches: Patches, newest: () => object | undefined): () => void {
    this.#patches = patches;
    this.#newest = newest;
    const hear = this.#hear;
    patches.override(this.#emitter, '_emit', (inherited) =>
      asMethod({
        _emit(...args) {
          hear(this, args[0], args[1]);
          return inherited().apply(this, args);
        },
      }),
    );
    this.#seeNew();
    return () => {
      this.#states = new WeakMap();
      this.#transports.restore();
      Reflect.deleteProperty(this.#emitter, CONNECTION);
    };
  }

  /**
   * Every constructor assigns its connection, in the context that the program makes the socket in. The emitter has no such
   * property, so this setter sees the first assignment, and gives the socket the property that it would have had.
   */
  #seeNew(): void {
    if (CONNECTION in this.#emitter || !Object.isExtensible(this.#emitter)) return;
    const sockets = this;
    Object.defineProperty(this.#emitter, CONNECTION, {
      configurable: true,
      set(value: unknown) {
        const own = { value, configurable: true, enumerable: true, writable: true };
        Object.defineProperty(this, CONNECTION, own);
        guard('making a socket', () => sockets.#stateOf(this));
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
  #stateOf(socket: unknown): SocketState | undefined {
    // Without this, the SDK's own error about a detached method is replaced.
    if (!isObject(socket)) return undefined;
    const known = this.#states.get(socket);
    if (known !== undefined) return known;
    const observer = this.#newest() as CallObserver | undefined;
    if (observer === undefined) return undefined;
    this.#wrapClass(Object.getPrototypeOf(socket));
    const state = new SocketState(socket, observer, this.#transports);
    this.#states.set(socket, state);
    return state;
  }

  /** Wraps the methods of the observed class that a socket is of, and of those that it extends. */
  #wrapClass(prototype: object): void {
    const patches = this.#patches;
    const end: unknown = Object.getPrototypeOf(this.#emitter);
    let isObserved = false;
    for (let holder = prototype; holder !== end && isObject(holder); holder = Object.getPrototypeOf(holder)) {
      isObserved ||= classes.has(holder);
      if (!isObserved) continue;
      for (const name of SENDING) patches?.wrap(holder, name, (original) => this.#wrapSend(name, original));
      for (const name of REPORTING)
        patches?.wrap(holder, name, (original) => this.#wrapReport(name, original));
      patches?.wrap(holder, 'close', (original) => this.#wrapClose(original));
    }
  }

  #wrapSend(name: string, original: Method): Method {
    const sockets = this;
    return asMethod({
      [name](...args) {
        const state = sockets.#stateOf(this);
        return state === undefined
          ? original.apply(this, args)
          : state.send(args[0], name === 'sendRaw', () => original.apply(this, args));
      },
    });
  }

  #wrapReport(name: string, original: Method): Method {
    const sockets = this;
    return asMethod({
      [name](...args) {
        sockets.#stateOf(this)?.broke(args[0], args[2]);
        return original.apply(this, args);
      },
    });
  }

  #wrapClose(original: Method): Method {
    const sockets = this;
    return asMethod({
      close(...args) {
        const state = sockets.#stateOf(this);
        state?.closing();
        const result = original.apply(this, args);
        state?.closed();
        return result;
      },
    });
  }
}
