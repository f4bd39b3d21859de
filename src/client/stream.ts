import { field } from '../payload.ts';
import type { Call } from './call.ts';

type Iterator = AsyncGenerator<unknown> & Record<'next' | 'return' | 'throw', unknown>;
interface Stream {
  iterator(...args: unknown[]): Iterator;
  controller: { signal?: { aborted?: boolean } };
}

/** The SDK's streams, told by their shape: each build of the SDK has a class of its own. */
export function isStream(value: unknown): value is Stream {
  return typeof field(value, 'iterator') === 'function' && typeof field(value, 'controller') === 'object';
}

/**
 * Watches a stream in place: the object, its class and its generator stay what they are, and reading,
 * leaving early, `tee()` and aborting do what they did.
 *
 * @param watchForLoss called with the object whose collection means that nobody can read on
 */
export function watchStream(stream: Stream, call: Call, watchForLoss: (target: object) => void): void {
  const original = stream.iterator;
  stream.iterator = function iterator(this: unknown, ...args: unknown[]): Iterator {
    const generator = Reflect.apply(original, this, args);
    // A second iteration throws from its first `next`; the first one has settled or is still being read.
    if (!watched.has(call)) {
      watched.add(call);
      watchGenerator(generator, stream, call);
      watchForLoss(generator);
    }
    return generator;
  };
}

const watched = new WeakSet<Call>();

function watchGenerator(generator: Iterator, stream: Stream, call: Call): void {
  const { next, return: close, throw: fail } = generator;

  const onResult = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
    if (result.done === true) {
      call.endStream(stream.controller.signal?.aborted === true ? 'aborted' : 'completed');
    } else {
      call.chunk(result.value);
    }
    return result;
  };
  const onError = (error: unknown): never => {
    call.endStream('error', error);
    throw error;
  };

  generator.next = (...args: [] | [unknown]) => next.apply(generator, args).then(onResult, onError);
  generator.return = (...args: [unknown]) => {
    call.endStream(stream.controller.signal?.aborted === true ? 'aborted' : 'cancelled');
    return close.apply(generator, args);
  };
  generator.throw = (...args: [unknown]) => {
    call.endStream('error', args[0]);
    return fail.apply(generator, args);
  };
}
