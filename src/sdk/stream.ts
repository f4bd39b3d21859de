import { guard } from '../util/guard.ts';
import { setMethod } from '../util/patch-method.ts';
import { type PayloadObject, readHeader } from '../util/payload.ts';
import { type Call, watchForLoss } from './call.ts';
import { methodOf, resemble } from './reflect.ts';
import { isUsageChunk, removeNoUsage } from './stream-usage.ts';

type Iterator = AsyncGenerator<unknown> & Record<'next' | 'return' | 'throw', unknown>;
interface Stream {
  iterator(...args: unknown[]): Iterator;
  controller: { signal?: Partial<AbortSignal> };
}

/** Recognises the SDK's streams by their shape: each build of the SDK has its own class. */
export function isStream(value: unknown): value is Stream {
  if (typeof value !== 'object' || value === null) return false;
  const { iterator, controller } = value as PayloadObject;
  return typeof iterator === 'function' && typeof controller === 'object';
}

/**
 * Watches a stream in place. The object, its class and its generator stay the same; reading, leaving early, `tee()` and
 * aborting work as before.
 */
export function watchStream(stream: Stream, call: Call): void {
  const { iterator } = stream;
  watchForLoss(call, stream);
  const stopWaiting = endOnAbort(stream.controller.signal, call);
  const watched = methodOf({
    iterator(...args) {
      const generator = Reflect.apply(iterator, this, args) as Iterator;
      // Only the first iteration is watched: a second one throws at its first `next`.
      if (!call.read) {
        call.read = true;
        guard('leaving a signal', stopWaiting);
        watchGenerator(generator, stream, call);
        watchForLoss(call, generator);
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
  const onAbort = (): void => reference.call?.endStream('aborted');
  signal?.addEventListener?.('abort', onAbort, { once: true });
  return () => signal?.removeEventListener?.('abort', onAbort);
}

type InTurn = <Result>(step: () => Promise<Result>) => Promise<Result>;

const atOnce: InTurn = (step) => step();

/** Runs the steps of a generator one after another. Otherwise, a step could overtake one that skips a hidden chunk. */
function queue(): InTurn {
  let last: Promise<unknown> | undefined;
  return (step) => {
    // The first step begins at once: of two readers, the SDK serves the one that asked first.
    const taken = last === undefined ? step() : last.then(step, step);
    last = taken;
    // The next step handles a rejection of `taken`, so Node never reports it as unhandled. The reader gets
    // another promise. If the reader does not handle a rejection of that one, Node reports it.
    return taken.then((result) => result);
  };
}

/** Whether the answer is JSON. The SDK expects a stream, and finds neither events nor an error in JSON. */
function isJson({ headers }: Call): boolean {
  return readHeader(headers, 'content-type')?.startsWith('application/json') === true;
}

function watchGenerator(generator: Iterator, stream: Stream, call: Call): void {
  const { next, return: close, throw: fail } = generator;

  const onResult = (
    result: IteratorResult<unknown>,
  ): IteratorResult<unknown> | Promise<IteratorResult<unknown>> => {
    if (result.done === true) {
      const end = call.chunkCount === 0 && guard('reading a header', isJson, call) ? 'error' : 'completed';
      call.endStream(stream.controller.signal?.aborted ? 'aborted' : end);
    } else if (call.hidesUsage && isUsageChunk(result.value)) {
      call.hiddenChunk(result.value);
      return next.call(generator).then(onResult, onError);
    } else {
      if (call.hidesUsage) guard('hiding usage', removeNoUsage, result.value);
      call.chunk(result.value);
    }
    return result;
  };
  const onError = (error: unknown): never => {
    call.endStream('error', error);
    throw error;
  };

  const inTurn = call.hidesUsage ? queue() : atOnce;
  const step = (value: unknown): Promise<IteratorResult<unknown>> =>
    next.call(generator, value).then(onResult, onError);
  const watching: Pick<Iterator, 'next' | 'return' | 'throw'> = {
    // If no chunk is hidden, this saves one function call for each chunk.
    next: call.hidesUsage ? (value: unknown) => inTurn(() => step(value)) : step,
    return: (value: unknown) => {
      call.endStream(stream.controller.signal?.aborted ? 'aborted' : 'cancelled');
      return inTurn(() => close.call(generator, value));
    },
    throw: (error: unknown) => {
      call.endStream('error', error);
      return inTurn(() => fail.call(generator, error));
    },
  };
  for (const [name, method] of Object.entries(watching)) setMethod(generator, name, method);
}
