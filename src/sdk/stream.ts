import { guard } from '../util/guard.ts';
import { setMethod } from '../util/patch-method.ts';
import { readHeader } from '../util/payload.ts';
import type { Call } from './call.ts';
import { methodOf, resemble } from './reflect.ts';
import { isUsageChunk, removeNoUsage } from './stream-usage.ts';

type Iterator = AsyncGenerator<unknown> & Record<'next' | 'return' | 'throw', unknown>;
export interface Stream {
  iterator(...args: unknown[]): Iterator;
  controller: { signal?: Partial<AbortSignal> };
}

/**
 * Watches a stream in place. The object, its class and its generator stay the same; reading, leaving early, `tee()` and
 * aborting work as before.
 */
export function watchStream(stream: Stream, call: Call): void {
  const { iterator } = stream;
  const stopWaiting = endOnAbort(stream.controller.signal, call);
  const watched = methodOf({
    iterator(...args) {
      const generator = Reflect.apply(iterator, this, args) as Iterator;
      // Only the first iteration is watched: a second one throws at its first `next`.
      if (!call.read) {
        call.apply('read', generator);
        guard('leaving a signal', stopWaiting);
        watchGenerator(generator, stream, call);
      }
      return generator;
    },
  });
  stream.iterator = resemble(iterator, watched as typeof iterator);
}

/**
 * Without a reader, only the signal reports an abort. The signal may outlive the stream, so its listener must
 * not retain the stream: an unread stream has to be garbage collected. Nor may it retain a settled call.
 *
 * @returns removes the listener. Node keeps a signal with a listener for as long as the program's signal that it follows
 */
function endOnAbort(signal: Partial<AbortSignal> | undefined, { reference }: Call): () => void {
  const onAbort = (): unknown => reference.call?.apply('aborted');
  signal?.addEventListener?.('abort', onAbort, { once: true });
  return () => signal?.removeEventListener?.('abort', onAbort);
}

/** The generator as it is now, before its methods are replaced. */
function asRead(generator: Iterator): AsyncIterable<unknown> {
  const { next, return: close } = generator;
  const steps = { next: () => next.call(generator), return: () => close.call(generator, undefined) };
  return { [Symbol.asyncIterator]: () => steps };
}

/**
 * Takes the steps of a stream in turn, as every async generator does. Otherwise, a step could overtake one that skips a
 * hidden chunk.
 */
async function* withoutUsage(steps: AsyncIterable<unknown>, call: Call): Iterator {
  for await (const chunk of steps) {
    if (isUsageChunk(chunk)) {
      call.hiddenChunk(chunk);
      continue;
    }
    guard('hiding usage', removeNoUsage, chunk);
    yield chunk;
  }
}

/** Whether the answer is JSON. The SDK expects a stream, and finds neither events nor an error in JSON. */
function isJson({ headers }: Call): boolean {
  return readHeader(headers, 'content-type')?.startsWith('application/json') === true;
}

function watchGenerator(generator: Iterator, stream: Stream, call: Call): void {
  const source = call.hidesUsage ? withoutUsage(asRead(generator), call) : generator;
  const { next, return: close, throw: fail } = source;
  const onResult = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
    if (result.done === true) {
      const end =
        call.chunks.count === 0 && guard('reading a header', () => isJson(call)) ? 'error' : 'completed';
      call.apply(stream.controller.signal?.aborted ? 'aborted' : end);
    } else call.chunk(result.value);
    return result;
  };
  const onError = (error: unknown): never => {
    const { aborted, reason } = stream.controller.signal ?? {};
    // The SDK throws the program's own reason. After any other error, the SDK aborts the stream itself.
    if (aborted && error === reason) call.apply('aborted');
    else call.apply('error', error);
    throw error;
  };
  const watching: Pick<Iterator, 'next' | 'return' | 'throw'> = {
    next: (value: unknown) => next.call(source, value).then(onResult, onError),
    return: (value: unknown) => {
      call.apply(stream.controller.signal?.aborted ? 'aborted' : 'cancelled');
      return close.call(source, value);
    },
    throw: (error: unknown) => {
      call.apply('error', error);
      return fail.call(source, error);
    },
  };
  for (const [name, method] of Object.entries(watching)) setMethod(generator, name, method);
}
