import { guard } from '../util/guard.ts';
import type { OutcomeListener } from '../util/watch-result.ts';
import type { Method, Patches } from './patches.ts';
import { asMethod, isObject } from './reflect.ts';

/** The loops of the runners that the SDK's helpers have returned. */
const LOOPS = new WeakMap<object, OutcomeListener>();

/**
 * Runs a helper that returns a runner, and follows the runner to its end. A listener or promise of ours would change
 * which errors the SDK reports as unhandled, so the method that emits all events is watched instead.
 */
export function runLoop(run: () => unknown, loop: OutcomeListener, patches: Patches): unknown {
  let runner: unknown;
  try {
    runner = loop.within(run);
  } catch (error) {
    loop.fail(error);
    throw error;
  }
  guard('observing a tool runner', followRunner, runner, loop, patches);
  return runner;
}

function followRunner(runner: unknown, loop: OutcomeListener, patches: Patches): void {
  const emitter = isObject(runner) ? emitterOf(runner) : undefined;
  if (emitter === undefined || !isObject(runner)) {
    loop.succeed(undefined);
    return;
  }
  patches.wrap(emitter, '_emit', wrapEmit);
  LOOPS.set(runner, loop);
}

/** The prototype of all runners, which emits for them. */
function emitterOf(runner: object): object | undefined {
  let found: object | undefined;
  for (let holder: unknown = Object.getPrototypeOf(runner); isObject(holder); ) {
    if (Object.hasOwn(holder, '_emit')) found = holder;
    holder = Object.getPrototypeOf(holder);
  }
  return found;
}

function wrapEmit(original: Method): Method {
  return asMethod({
    _emit(event, ...args) {
      const loop = LOOPS.get(this);
      if (loop !== undefined) guard('observing a tool runner', hear, loop, event, args[0]);
      return original.call(this, event, ...args);
    },
  });
}

function hear(loop: OutcomeListener, event: unknown, error: unknown): void {
  if (event === 'error' || event === 'abort') loop.fail(error);
  else if (event === 'end') loop.succeed(undefined);
}
