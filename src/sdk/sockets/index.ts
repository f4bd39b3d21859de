import { guard } from '../../util/guard.ts';
import { field } from '../../util/payload.ts';
import { processWideCollection } from '../../util/process-wide.ts';
import { VERSION } from '../../util/version.ts';
import type { CallObserver } from '../call.ts';
import { type Method, Patches } from '../patches.ts';
import { asMethod, isObject } from '../reflect.ts';
import { claimPrototype, releasePrototype } from '../releases.ts';
import { findEmitter } from './find-sockets.ts';
import { SocketState } from './state.ts';
import { Transports } from './transport.ts';

/** Seams by prototype, shared by all copies of this release in a process. */
const socketSeams = processWideCollection<WeakMap<object, SocketSeam>>(WeakMap, 'socket-seams', VERSION);

/** What programs send with. Each version has some of them, on the class itself or on its base. */
const SENDING = ['send', 'sendRaw', 'sendResponseCreate'] as const;
/** What the SDK reports a broken connection with. */
const REPORTING = ['_onError', '_reportError'] as const;

/** Where each class keeps its connection. */
const CONNECTION = 'socket';

/**
 * The seam of the socket classes that share an event emitter. It sees each event once: received ones as the SDK emits
 * them to its listeners, sent ones as the program hands them over. It adds no listener and changes no frame.
 */
export class SocketSeam {
  readonly #emitter: object;
  readonly #patches = new Patches();
  readonly #transports = new Transports();
  readonly #observers: CallObserver[] = [];
  readonly #prototypes = new Set<WeakRef<object>>();
  #states = new WeakMap<object, SocketState>();

  /** @returns `undefined` if the class is built in a way that is not known */
  static of(prototype: object): SocketSeam | undefined {
    const emitter = findEmitter(prototype);
    if (emitter === undefined) return undefined;
    const found = socketSeams.value.get(emitter);
    const seam = isSocketSeam(found) ? found : new SocketSeam(emitter);
    seam.watchClass(prototype);
    return seam;
  }

  private constructor(emitter: object) {
    this.#emitter = emitter;
  }

  addDefault(observer: CallObserver): void {
    if (!claimPrototype(this.#emitter)) return;
    this.#install();
    if (!this.#observers.includes(observer)) this.#observers.push(observer);
  }

  /** The last observer to leave restores the prototypes. Open sockets go on unrecorded. */
  removeDefault(observer: CallObserver): void {
    const index = this.#observers.indexOf(observer);
    // Without this, a release that was refused takes the patches of another one away.
    if (index < 0) return;
    this.#observers.splice(index, 1);
    if (this.#observers.length > 0) return;
    this.#states = new WeakMap();
    this.#transports.restore();
    Reflect.deleteProperty(this.#emitter, CONNECTION);
    if (this.#patches.restore()) socketSeams.value.delete(this.#emitter);
    releasePrototype(this.#emitter);
  }

  /** Several classes have one emitter: those of `ws` and of the platform's `WebSocket`. */
  watchClass(prototype: object): void {
    for (const known of this.#prototypes) if (known.deref() === prototype) return;
    this.#prototypes.add(new WeakRef(prototype));
    if (this.#observers.length > 0) this.#wrapClass(prototype);
  }

  #install(): void {
    socketSeams.value.set(this.#emitter, this);
    const hear = this.#hear;
    this.#patches.override(this.#emitter, '_emit', (inherited) =>
      asMethod({
        _emit(...args) {
          hear(this, args[0], args[1]);
          return inherited().apply(this, args);
        },
      }),
    );
    this.#seeNew();
    for (const known of this.#prototypes) {
      const prototype = known.deref();
      if (prototype !== undefined) this.#wrapClass(prototype);
    }
  }

  /**
   * Every constructor assigns its connection, in the context that the program makes the socket in. The emitter has no such
   * property, so this setter sees the first assignment, and gives the socket the property that it would have had.
   */
  #seeNew(): void {
    if (CONNECTION in this.#emitter || !Object.isExtensible(this.#emitter)) return;
    const seam = this;
    Object.defineProperty(this.#emitter, CONNECTION, {
      configurable: true,
      set(value: unknown) {
        const own = { value, configurable: true, enumerable: true, writable: true };
        Object.defineProperty(this, CONNECTION, own);
        guard('making a socket', () => seam.#stateOf(this));
      },
    });
  }

  #wrapClass(prototype: object): void {
    const end: unknown = Object.getPrototypeOf(this.#emitter);
    for (let holder: object = prototype; holder !== end; holder = Object.getPrototypeOf(holder)) {
      for (const name of SENDING)
        this.#patches.wrap(holder, name, (original) => this.#wrapSend(name, original));
      for (const name of REPORTING)
        this.#patches.wrap(holder, name, (original) => this.#wrapReport(name, original));
      this.#patches.wrap(holder, 'close', (original) => this.#wrapClose(original));
    }
  }

  readonly #hear = (socket: object, name: unknown, event: unknown): void => {
    try {
      this.#stateOf(socket)?.heard(name, event);
    } catch {
      // Everything below is guarded; this is for what a hostile object throws at us before that.
    }
  };

  #wrapSend(name: string, original: Method): Method {
    const seam = this;
    return asMethod({
      [name](...args) {
        const state = seam.#stateOf(this);
        return state === undefined
          ? original.apply(this, args)
          : state.send(args[0], name === 'sendRaw', () => original.apply(this, args));
      },
    });
  }

  #wrapReport(name: string, original: Method): Method {
    const seam = this;
    return asMethod({
      [name](...args) {
        seam.#stateOf(this)?.broke(args[0], args[2]);
        return original.apply(this, args);
      },
    });
  }

  #wrapClose(original: Method): Method {
    const seam = this;
    return asMethod({
      close(...args) {
        const state = seam.#stateOf(this);
        state?.closing();
        const result = original.apply(this, args);
        state?.closed();
        return result;
      },
    });
  }

  /** The state of a socket that is observed; nothing that a socket does to be found can throw. */
  #stateOf(socket: unknown): SocketState | undefined {
    // Without this, the SDK's own error about a detached method is replaced.
    if (!isObject(socket)) return undefined;
    const known = this.#states.get(socket);
    if (known !== undefined) return known;
    const observer = this.#observers.at(-1);
    if (observer === undefined) return undefined;
    const state = new SocketState(socket, observer, this.#transports);
    this.#states.set(socket, state);
    return state;
  }
}

const SOCKET_SEAM_METHODS = ['addDefault', 'removeDefault', 'watchClass'] as const;

function isSocketSeam(found: unknown): found is SocketSeam {
  return SOCKET_SEAM_METHODS.every((name) => typeof field(found, name) === 'function');
}
