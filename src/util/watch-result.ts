import { guard } from './guard.ts';
import { field } from './payload.ts';

/** Hears what became of a function. */
export interface Outcome {
  succeed(value: unknown): void;
  fail(error: unknown): void;
}

/** Hears what became of a function, once: the first of `succeed`, `fail` and `abandon`. */
export interface OutcomeListener extends Outcome {
  /** Runs a part of the function: all of it, or a generator's way to the next value. */
  within<Result>(run: () => Result): Result;
  yielded(value: unknown): void;
  /** Nobody can ask for its result any more. */
  abandon(): void;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Callback = ((value: unknown) => unknown) | null | undefined;

/** The promises that programs got in the place of theirs. */
const followers = new WeakMap<Promise<unknown>, Promise<unknown>>();
/** Of what is watched in place, those who watch it. */
const watched = new WeakMap<object, Watchers>();
const lost = new FinalizationRegistry<Watchers>((watchers) => watchers.abandon());

/** Calls that last until one object has ended. One that lives for long may be given by any number: those are over at once. */
const MOST_WATCHERS = 100;

/** All who watch one object: its methods are replaced once, however often functions give it. */
class Watchers implements OutcomeListener {
  readonly #listeners = new Set<OutcomeListener>();

  add(listener: OutcomeListener, object: unknown): void {
    if (this.#listeners.size < MOST_WATCHERS) this.#listeners.add(listener);
    else listener.succeed(object);
  }

  /** What the object does is done for the function that made it, which was the first to give it. */
  within<Result>(run: () => Result): Result {
    const [first] = this.#listeners;
    return first === undefined ? run() : first.within(run);
  }

  yielded(value: unknown): void {
    for (const listener of this.#listeners) listener.yielded(value);
  }

  succeed(value: unknown): void {
    for (const listener of this.#take()) listener.succeed(value);
  }

  fail(error: unknown): void {
    for (const listener of this.#take()) listener.fail(error);
  }

  abandon(): void {
    for (const listener of this.#take()) listener.abandon();
  }

  #take(): readonly OutcomeListener[] {
    const all = [...this.#listeners];
    this.#listeners.clear();
    return all;
  }
}

/**
 * Runs a function that gives a value or a promise of one, and tells what becomes of it. What it gives and throws
 * passes through; a promise is followed by another that settles alike.
 */
export function followOutcome(run: () => unknown, outcome: Outcome): unknown {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    outcome.fail(error);
    throw error;
  }
  return follow(result, outcome);
}

/**
 * Runs a function and tells the listener what becomes of it. The program gets what the function gives: a promise
 * settles alike; other thenables and generators are the objects themselves, watched in place.
 */
export function watchOutcome<Result>(run: () => Result, listener: OutcomeListener): Result {
  let result: Result;
  try {
    result = listener.within(run);
  } catch (error) {
    listener.fail(error);
    throw error;
  }
  return (guard('watching a result', watch, result, listener) ?? result) as Result;
}

/** @returns what stands in the place of the result; nothing where that stays itself */
function watch(result: unknown, listener: OutcomeListener): unknown {
  if (isPromise(result)) return watchPromise(result, listener);
  const isThenable = typeof field(result, 'then') === 'function';
  if (isThenable || isIterator(result)) watchInPlace(result as PromiseLike<unknown>, listener, isThenable);
  else listener.succeed(result);
  return undefined;
}

function watchInPlace(object: PromiseLike<unknown>, listener: OutcomeListener, isThenable: boolean): void {
  const known = watched.get(object);
  const watchers = known ?? new Watchers();
  watchers.add(listener, object);
  if (known !== undefined) return;
  watched.set(object, watchers);
  lost.register(object, watchers);
  if (isThenable) watchThenable(object, watchers);
  else watchIterator(object, watchers);
}

/**
 * `await` calls no method of a promise that could be watched: another follows it, with all that was put on it. Who gives
 * one promise again and again gives one follower.
 */
function watchPromise(promise: Promise<unknown>, listener: OutcomeListener): Promise<unknown> {
  const known = followers.get(promise);
  if (known !== undefined) {
    promise.then(
      (value) => listener.succeed(value),
      (error) => listener.fail(error),
    );
    return known;
  }
  const following = follow(promise, listener) as Promise<unknown>;
  followers.set(promise, following);
  return Object.defineProperties(following, Object.getOwnPropertyDescriptors(promise));
}

function follow(result: unknown, outcome: Outcome): unknown {
  return passOn(
    result,
    (value) => {
      outcome.succeed(value);
      return value;
    },
    (error) => {
      outcome.fail(error);
      throw error;
    },
  );
}

/**
 * Follows what is awaited, by handlers that pass on what they get. What is no promise need not have a `then` that gives
 * one, or that may be called twice: it is taken as `await` takes it. A value is passed on at once.
 */
export function passOn(
  result: unknown,
  succeed: (value: unknown) => unknown,
  fail: (error: unknown) => never,
): unknown {
  if (result instanceof Promise) return result.then(succeed, fail);
  return typeof field(result, 'then') === 'function'
    ? Promise.resolve(result).then(succeed, fail)
    : succeed(result);
}

/** A promise of the SDK has methods of its own, and one that nobody asks must not be asked: it would be read. */
function watchThenable(thenable: PromiseLike<unknown>, listener: OutcomeListener): void {
  const original = thenable.then as Method;
  const then = (self: unknown, onFulfilled?: Callback, onRejected?: Callback): unknown =>
    original.call(
      self,
      (value: unknown) => {
        listener.succeed(value);
        return typeof onFulfilled === 'function' ? onFulfilled(value) : value;
      },
      (error: unknown) => {
        listener.fail(error);
        if (typeof onRejected === 'function') return onRejected(error);
        throw error;
      },
    );
  replace(thenable, 'then', function (onFulfilled, onRejected) {
    return then(this, onFulfilled as Callback, onRejected as Callback);
  });
  replace(thenable, 'catch', function (onRejected) {
    return then(this, undefined, onRejected as Callback);
  });
  replace(thenable, 'finally', function (onFinally) {
    return Promise.resolve(then(this)).finally(onFinally as () => void);
  });
  const raw = field(thenable, 'asResponse') as Method;
  // It asks for the response alone, and calls no `then` that could be watched.
  replace(thenable, 'asResponse', function (...args) {
    return follow(raw.apply(this, args), listener);
  });
}

function watchIterator(iterator: object, listener: OutcomeListener): void {
  const see = (step: unknown): unknown => {
    if (field(step, 'done') === true) listener.succeed(field(step, 'value'));
    else listener.yielded(field(step, 'value'));
    return step;
  };
  const failed = (error: unknown): never => {
    listener.fail(error);
    throw error;
  };
  for (const name of ['next', 'return', 'throw']) {
    const original = field(iterator, name) as Method | undefined;
    replace(iterator, name, function (...args) {
      let step: unknown;
      try {
        step = listener.within(() => original?.apply(this, args));
      } catch (error) {
        return failed(error);
      }
      return isPromise(step) ? step.then(see, failed) : see(step);
    });
  }
}

/** Replaces a method on the object itself, if it has it. */
function replace(result: object, name: string, value: Method): void {
  if (typeof field(result, name) === 'function')
    Object.defineProperty(result, name, { value, configurable: true, writable: true, enumerable: false });
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise && value.constructor === Promise;
}

function isIterator(value: unknown): value is object {
  return (
    typeof field(value, 'next') === 'function' &&
    (Symbol.asyncIterator in (value as object) || Symbol.iterator in (value as object))
  );
}
