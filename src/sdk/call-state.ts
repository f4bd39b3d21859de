/**
 * - `made`: the program has called a method of the SDK.
 * - `sent`: the SDK has the final options. It may send the request several times.
 * - `answered`: status and headers have arrived, and nobody has asked for more yet.
 * - `parsed`: the SDK parses the answer. If the body times out, it sends the request again.
 * - `streaming`: the program has a stream.
 * - `settled`: recorded. A stream whose usage is hidden is still watched.
 */
export type CallPhase = 'made' | 'sent' | 'answered' | 'parsed' | 'streaming' | 'settled';

export type CallOutcome =
  /** The program got its value: parsed JSON, a page, text, a binary response. */
  | 'value'
  /** A stream was read to its end, left early, aborted, or broke. */
  | 'stream'
  /** The program took the raw `Response`, whose body we do not read. */
  | 'raw'
  /** The call threw. A stream that broke ends as `stream`. */
  | 'error'
  /** The result can no longer be read, for example because its promise was garbage collected. */
  | 'abandoned'
  /** We stopped observing before the call ended, for example because tracing was shut down. */
  | 'interrupted';

export type StreamEnd = 'completed' | 'cancelled' | 'aborted' | 'abandoned' | 'error';

/** Only {@link advance} changes it. */
export interface CallState {
  phase: CallPhase;
  /** Whether the request asks for a stream, or the answer is one. */
  streamed: boolean;
  /** How often the request was sent. Above 1, it was retried: by the SDK, a subclass, or us without the usage. */
  attemptCount: number;
  /** We asked for the usage, so the program must not see the usage chunk. */
  hidesUsage: boolean;
  /** Whether a subclass replaced the promise that we returned from `makeRequest`. Only the new one counts. */
  indirect: boolean;
  /** The program has asked for the result. Before the answer, the call to `parse` says so, later the parser. */
  requested: boolean;
  /** The program has called `asResponse()` and, since then, not `parse()`. */
  rawRequested: boolean;
  /** The program has begun to read the stream. */
  read: boolean;
  outcome: CallOutcome | undefined;
  streamEnd: StreamEnd | undefined;
}

export type CallEvent =
  | 'sent'
  | 'stream requested'
  | 'usage requested'
  /** The program's original request is sent, and its usage must be visible. */
  | 'usage dropped'
  | 'attempted'
  /** The program's promise waits for another one than ours. */
  | 'replaced'
  | 'answered'
  /** Something needs the response, even if it is only an instrumentation around the program. */
  | 'claimed'
  | 'asked'
  | 'raw asked'
  | 'parsing'
  | 'value'
  | 'failed'
  /** The call failed without an answer, after the program had aborted it. */
  | 'failed after an abort'
  | 'stream'
  | 'read'
  /** The end of a stream. `error`: it broke. */
  | Exclude<StreamEnd, 'abandoned'>
  /** Results that nobody has asked for are no longer waited for. */
  | 'idle'
  /** The result was garbage collected, or nothing was sent. */
  | 'abandoned'
  | 'interrupted';

export type CallAction =
  /** End the call if the object of the event is garbage collected. A call watches one object at a time. */
  | 'watch'
  | 'unwatch'
  /** Watch the promise that replaced ours, from now on. */
  | 'follow'
  | 'settle'
  /** Let the objects of the SDK no longer lead to the call. */
  | 'forget';

const NOTHING: readonly CallAction[] = Object.freeze([]);
const WATCH: readonly CallAction[] = Object.freeze(['watch']);
const UNWATCH: readonly CallAction[] = Object.freeze(['unwatch']);
const FOLLOW: readonly CallAction[] = Object.freeze(['unwatch', 'follow']);
const SETTLE: readonly CallAction[] = Object.freeze(['settle', 'forget']);
const SETTLE_WATCHED: readonly CallAction[] = Object.freeze(['settle', 'unwatch', 'forget']);
const SETTLE_HIDING: readonly CallAction[] = Object.freeze(['settle', 'unwatch']);

/** Updates the state of a call after an event. */
export function advance(call: CallState, event: CallEvent): readonly CallAction[] {
  const { phase } = call;
  const isWaiting = phase === 'made' || phase === 'sent';
  switch (event) {
    case 'sent':
      if (phase === 'made') call.phase = 'sent';
      return NOTHING;
    case 'stream requested':
      call.streamed = true;
      return NOTHING;
    case 'usage requested':
    case 'usage dropped':
      call.hidesUsage = event === 'usage requested';
      return NOTHING;
    case 'attempted':
      call.attemptCount++;
      return NOTHING;
    case 'replaced':
      call.indirect = true;
      return phase === 'settled' ? NOTHING : WATCH;
    case 'answered':
      // While the SDK parses, this is the answer to a request that it has sent again.
      if (phase !== 'sent' && phase !== 'answered') return NOTHING;
      call.phase = 'answered';
      if (call.rawRequested) return settle(call, 'raw');
      // A result that was asked for cannot get lost, and watching each one would be the largest cost of a call.
      return call.requested || call.indirect ? NOTHING : WATCH;
    case 'claimed':
      return claim(call);
    case 'asked':
      call.rawRequested = false;
      if (isWaiting && !call.indirect) call.requested = true;
      return claim(call);
    case 'raw asked':
      call.rawRequested = true;
      return isWaiting ? NOTHING : settle(call, 'raw');
    case 'parsing': {
      const isWatched = !call.requested;
      call.requested = true;
      if (phase === 'answered') call.phase = 'parsed';
      return isWatched ? UNWATCH : NOTHING;
    }
    case 'stream':
      call.streamed = true;
      if (phase === 'settled') return NOTHING;
      call.phase = 'streaming';
      return WATCH;
    case 'read':
      call.read = true;
      return phase === 'settled' ? NOTHING : WATCH;
    case 'value':
      return settle(call, 'value');
    case 'failed':
      return settle(call, 'error');
    case 'failed after an abort':
      // A stream that is aborted before its first byte ends like one that is aborted later.
      return call.streamed ? advance(call, 'aborted') : advance(call, 'failed');
    case 'idle':
      return phase === 'answered' && !call.requested ? advance(call, 'abandoned') : NOTHING;
    case 'abandoned':
    case 'interrupted':
      return settle(call, event, call.streamed ? 'abandoned' : undefined);
    default:
      return settle(call, 'stream', event);
  }
}

function claim(call: CallState): readonly CallAction[] {
  if (!call.indirect || call.requested) return NOTHING;
  call.requested = true;
  return FOLLOW;
}

function settle(call: CallState, outcome: CallOutcome, streamEnd?: StreamEnd): readonly CallAction[] {
  if (call.phase === 'settled') return NOTHING;
  call.phase = 'settled';
  call.outcome = outcome;
  call.streamEnd = streamEnd;
  // Even if the call was interrupted, it hides the usage once the stream is read.
  if (call.hidesUsage && !call.read) return SETTLE_HIDING;
  return call.streamed || !call.requested ? SETTLE_WATCHED : SETTLE;
}

/** Whether a subclass may still send the request again. Then the subclass's promise reports the end. */
export function isSentAgain({ indirect, requested }: CallState): boolean {
  return indirect && requested;
}

/** Whether the end was noticed late: nobody was waiting when tracing stopped, or when the result was collected. */
export function isEndedLate({ outcome, streamed, read, requested }: CallState): boolean {
  return outcome === 'abandoned' || (outcome === 'interrupted' && !(streamed ? read : requested));
}
