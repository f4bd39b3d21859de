import { guard } from './guard.ts';
import { setMethod } from './patch-method.ts';
import { field } from './payload.ts';
import { platform } from './platform.ts';

export interface Outcome {
  succeed(value: unknown): void;
  fail(error: unknown): void;
}

/** Receives the outcome of a function once: the first of `succeed`, `fail` and `abandon`. */
export interface OutcomeListener extends Outcome {
  /** Runs the function, or one step of the generator that it returned. */
  within<Result>(run: () => Result): Result;
  yielded(value: unknown): void;
  /** Called if the result was garbage collected before anybody read it. */
  abandon(): void;
}

type ObjectMethod = (this: unknown, ...args: unknown[]) => unknown;

/** For each promise of the program: the promise that the program gets instead. */
const followers = new WeakMap<Promise<unknown>, Promise<unknown>>();
/** How often each object is watched in place: several functions may return it. */
const timesWatched = new WeakMap<object, number>();
const lost = new platform.FinalizationRegistry<OutcomeListener>((listener) => listener.abandon());

/** How often one object is watched. Further calls that return this object end at once. */
const MAX_TIMES_WATCHED = 100;

/**
 * Runs a function and reports its outcome to the listener. The program gets an equivalent result: a promise that
 * settles the same way, or the very same thenable or generator, watched in place.
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

/** @returns what replaces the result; `undefined` if the result itself is kept */
function watch(result: unknown, listener: OutcomeListener): unknown {
  const isThenable = hasThen(result);
  if (isThenable && isPromise(result)) return watchPromise(result, listener);
  // A frozen object cannot be watched.
  if ((isThenable || isIterator(result)) && Object.isExtensible(result))
    watchInPlace(result as PromiseLike<unknown>, listener, isThenable);
  else listener.succeed(result);
  return undefined;
}

function watchInPlace(object: PromiseLike<unknown>, listener: OutcomeListener, isThenable: boolean): void {
  const times = timesWatched.get(object) ?? 0;
  if (times >= MAX_TIMES_WATCHED) {
    listener.succeed(object);
    return;
  }
  timesWatched.set(object, times + 1);
  lost.register(object, listener);
  if (isThenable) watchThenable(object, listener);
  else watchIterator(object, listener);
}

/**
 * `await` on a native promise calls no method that could be watched. So the program gets another promise, which settles
 * the same way and has the same own properties. If a promise is returned again, the program gets the same replacement.
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
  const following = followResult(promise, listener) as Promise<unknown>;
  followers.set(promise, following);
  return Object.defineProperties(following, Object.getOwnPropertyDescriptors(promise));
}

/** @returns the result, or a promise that settles the same way */
export function followResult(result: unknown, outcome: Outcome): unknown {
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
 * Calls a handler with the outcome of a result and returns what the handler returns, synchronously for a plain value. A
 * thenable is treated as `await` treats it, because its `then` may return nothing or fail at a second call.
 */
export function passOn(
  result: unknown,
  succeed: (value: unknown) => unknown,
  fail: (error: unknown) => never,
): unknown {
  if (!hasThen(result)) return succeed(result);
  return (result instanceof Promise ? result : Promise.resolve(result)).then(succeed, fail);
}

/** Replaces the methods of a thenable. Calls none itself: an `APIPromise` parses the response at its first `then`. */
function watchThenable(thenable: PromiseLike<unknown>, listener: OutcomeListener): void {
  const original = thenable.then as ObjectMethod;
  replace(thenable, 'then', function (onFulfilled, onRejected) {
    return original.call(
      this,
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
  });
  // The other methods of an `APIPromise` call one of these.
  for (const name of typeof field(thenable, 'asResponse') === 'function' ? ['parse', 'asResponse'] : []) {
    const bypass = field(thenable, name) as ObjectMethod;
    replace(thenable, name, function (...args) {
      return followResult(bypass.apply(this, args), listener);
    });
  }
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
    const original = field(iterator, name) as ObjectMethod | undefined;
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

function replace(result: object, name: string, value: ObjectMethod): void {
  if (typeof field(result, name) === 'function') setMethod(result, name, value);
}

/** Call this before `instanceof`, which may throw for a proxy, and always throws for a revoked one. */
function hasThen(value: unknown): boolean {
  return typeof field(value, 'then') === 'function';
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
