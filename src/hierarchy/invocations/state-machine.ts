import { clamp } from '../operation-clock.ts';

/**
 * - `open`: in progress, as far as is known.
 * - `waiting`: the program must do something first, such as run a function.
 * - `ended`: over, as far as is known. Unless its end was reported, it may turn out to be still in progress.
 * - `closed`: recorded. Nothing changes it any more.
 */
export type InvocationState = 'open' | 'waiting' | 'ended' | 'closed';

/**
 * The life of an operation that lasts longer than a call: a run, a turn, a background response or a poll loop. All
 * times are milliseconds since the epoch by the clock of the invocation. Only {@link next} changes it.
 */
export interface Life {
  state: InvocationState;
  readonly startTime: number;
  endTime: number | undefined;
  /** When it was last seen in progress. It cannot have ended earlier. */
  lastOpenTime: number;
  /** When it last showed a sign of life, such as a request about it or an event of a stream. */
  lastSign: number;
  /** Since when it has been over; `undefined` while it is in progress. */
  overSince: number | undefined;
  requests: number;
  /** The number of open streams that report on it and may outlive it. */
  streams: number;
  /** Whether our own GET requests read its end or its details, or soon will. */
  reading: 'no' | 'soon' | 'now';
  isRead: boolean;
  /** Whether details that are missing at its end may be read. */
  readonly mayRead: boolean;
  /** Whether its conversation was deleted, so that nothing about it can be read any more. */
  isDeleted: boolean;
  /** When we next ask the API for its end. Set once the program no longer waits for the end. */
  closingReads: { readonly time: number; readonly delay: number } | undefined;
}

export interface Living {
  readonly life: Life;
  /** Milliseconds without a sign of life after which it is given up. */
  readonly timeout: number;
  readonly expiresAt: number;
  /** What is missing once it is over. `invocations`: others work for it, and must be recorded first. */
  readonly lacks: 'nothing' | 'details' | 'invocations';
  /** Whether the segment of its conversation is over, except that it still waits for invocations. */
  readonly isAwaited: boolean;
}

export type LifeFact =
  /** The program has sent a request about it. `outlives`: the request is a stream that may outlive it. */
  | { readonly type: 'asked'; readonly outlives: boolean }
  | { readonly type: 'answered'; readonly outlives: boolean }
  /** The program no longer waits for the end: it has left a stream, or a request failed. */
  | { readonly type: 'left' }
  | { readonly type: 'sign' }
  | { readonly type: 'open' | 'waiting' }
  /** The API reports that nothing is in progress in its conversation. */
  | { readonly type: 'idle' }
  /** Its end is known, and lies between the time when it was last seen in progress and `latest`. */
  | { readonly type: 'ended'; readonly endTime: number; readonly latest: number }
  | { readonly type: 'detail' }
  /** It was deleted with its conversation. It is recorded now, or after a read that has been sent. */
  | { readonly type: 'deleted' }
  /** We read about it soon or now. `no`: we do not, because the program itself has sent a request about it. */
  | { readonly type: 'reading'; readonly when: 'soon' | 'now' | 'no' }
  /** A read of its end is over. `isLastRead`: it is given up if its end is still unknown. */
  | { readonly type: 'end read'; readonly isLastRead: boolean }
  | { readonly type: 'details read'; readonly isFinal: boolean }
  /** Time has passed. `idleTimeout`: for how many milliseconds an invocation that is over waits for its details. */
  | { readonly type: 'time'; readonly idleTimeout: number }
  /** It is to be recorded if it is over, but waits for requests and reads that may still add details. */
  | { readonly type: 'flush' }
  | { readonly type: 'close' };

export type Effect =
  | { readonly read: 'end'; readonly isLastRead: boolean }
  | { readonly read: 'details' }
  /** `isUnread`: the read of its details took too long, so it is recorded without them. */
  | { readonly record: 'all'; readonly isUnread?: boolean };

/** The delays before the first and the last of the five times that we ask for an end. */
const MIN_DELAY_MS = 1_000;
const MAX_DELAY_MS = 16_000;

const NO_EFFECTS: readonly Effect[] = [];
const RECORD: readonly Effect[] = [{ record: 'all' }];
const RECORD_UNREAD: readonly Effect[] = [{ record: 'all', isUnread: true }];
const READ_DETAILS: readonly Effect[] = [{ read: 'details' }];
const READ_END: readonly Effect[] = [{ read: 'end', isLastRead: false }];
const READ_LAST: readonly Effect[] = [{ read: 'end', isLastRead: true }];

export function newLife(startTime: number, mayRead: boolean): Life {
  return {
    state: 'open',
    startTime,
    endTime: undefined,
    lastOpenTime: startTime,
    lastSign: startTime,
    overSince: undefined,
    requests: 0,
    streams: 0,
    reading: 'no',
    isRead: false,
    mayRead,
    isDeleted: false,
    closingReads: undefined,
  };
}

export function canContinue({ state, endTime }: Life): boolean {
  return endTime === undefined && state !== 'closed';
}

/** Whether it seems to be in progress. If not, its end may still be unknown. */
export function isInProgress({ overSince }: Life): boolean {
  return overSince === undefined;
}

/** Whether only another of our own reads can show the end: no request, stream or read about it is open. */
export function isUnwatched({ overSince, requests, streams, reading }: Life): boolean {
  return overSince === undefined && requests + streams === 0 && reading === 'no';
}

/** Updates a life after a fact. It reads no clock, so the same facts at the same times have the same effects. */
export function next(invocation: Living, fact: LifeFact, time: number): readonly Effect[] {
  const { life } = invocation;
  if (life.state === 'closed') return NO_EFFECTS;
  switch (fact.type) {
    case 'asked':
      life.closingReads = undefined;
      life[fact.outlives ? 'streams' : 'requests']++;
      life.lastSign = Math.max(life.lastSign, time);
      return NO_EFFECTS;
    case 'answered':
      life[fact.outlives ? 'streams' : 'requests']--;
      life.lastSign = Math.max(life.lastSign, time);
      return settleLife(invocation);
    case 'left':
      life.closingReads = { time: time + MIN_DELAY_MS, delay: MIN_DELAY_MS };
      return NO_EFFECTS;
    case 'sign':
      touch(life, time);
      return NO_EFFECTS;
    case 'open':
    case 'waiting':
      if (!canContinue(life)) return NO_EFFECTS;
      life.state = fact.type;
      life.overSince = undefined;
      touch(life, time);
      return NO_EFFECTS;
    case 'idle':
      if (canContinue(life)) {
        touch(life, time);
        life.state = 'ended';
        life.overSince ??= time;
      }
      return settleLife(invocation);
    case 'ended':
      if (canContinue(life)) {
        const { lastOpenTime, startTime } = life;
        const endTime = clamp(fact.endTime, lastOpenTime, Math.max(fact.latest, lastOpenTime));
        life.state = 'ended';
        life.endTime = Math.max(endTime, startTime);
        life.overSince = time;
      }
      return settleLife(invocation);
    case 'detail':
      return settleLife(invocation);
    case 'deleted':
      life.isDeleted = true;
      return life.reading === 'now' ? NO_EFFECTS : record(life);
    case 'reading':
      life.reading = fact.when;
      return NO_EFFECTS;
    case 'end read': {
      life.reading = 'no';
      const effects = settleLife(invocation);
      const isLast = fact.isLastRead || life.isDeleted;
      const isGivenUp = isLast && effects.length === 0 && canContinue(life) && life.requests === 0;
      return isGivenUp ? record(life) : effects;
    }
    case 'details read': {
      life.reading = 'no';
      // It seemed to be over when the read began, but the read may have shown it in progress.
      life.isRead = life.overSince !== undefined;
      const { lacks, isAwaited } = invocation;
      if (!life.isRead || lacks === 'invocations') return NO_EFFECTS;
      return fact.isFinal || isAwaited || lacks === 'nothing' ? record(life) : NO_EFFECTS;
    }
    case 'time':
      return passTime(invocation, fact.idleTimeout, time);
    case 'flush': {
      const { lacks } = invocation;
      // Recording a turn also records the turns of its subagents, which may not have been read yet.
      if (life.overSince === undefined || lacks === 'invocations') return NO_EFFECTS;
      const waits = life.reading !== 'no' || life.requests > 0;
      return !waits || lacks === 'nothing' ? record(life) : NO_EFFECTS;
    }
    case 'close':
      return record(life);
  }
}

function passTime(
  { life, timeout, expiresAt }: Living,
  idleTimeout: number,
  time: number,
): readonly Effect[] {
  const { overSince, reading } = life;
  const isUsed = life.requests + life.streams > 0;
  if (isUsed) life.lastSign = Math.max(life.lastSign, time);
  if (reading !== 'no') {
    const waitedTooLong = reading === 'soon' && overSince !== undefined && time - overSince >= timeout;
    return waitedTooLong ? record(life, RECORD_UNREAD) : NO_EFFECTS;
  }
  if (overSince !== undefined && time - overSince >= idleTimeout) return record(life);
  // If the API showed it in progress after it should have expired, the clocks disagree.
  const hasExpired = !isUsed && time >= expiresAt && life.lastOpenTime < expiresAt;
  if (overSince === undefined && (hasExpired || time - life.lastSign >= timeout)) return READ_LAST;
  return isDue(life, time) ? READ_END : NO_EFFECTS;
}

function touch(life: Life, time: number): void {
  life.lastSign = Math.max(life.lastSign, time);
  if (life.endTime === undefined) life.lastOpenTime = Math.max(life.lastOpenTime, time);
}

/** Records an invocation that is over, or reads what is missing first. Called when it may be complete. */
function settleLife(invocation: Living): readonly Effect[] {
  const { life } = invocation;
  if (life.overSince === undefined || life.requests > 0 || life.reading === 'now') return NO_EFFECTS;
  const { lacks } = invocation;
  if (lacks === 'nothing') return record(life);
  const isRead = life.isRead || !life.mayRead || life.reading === 'soon';
  return isRead || lacks === 'invocations' ? NO_EFFECTS : READ_DETAILS;
}

/**
 * Whether to ask the API now for the end that the program no longer waits for: up to five times, after 1 s
 * and then at doubling intervals.
 */
function isDue(life: Life, time: number): boolean {
  const due = life.closingReads;
  if (due === undefined || time < due.time || life.requests + life.streams > 0) return false;
  const delay = due.delay * 2;
  life.closingReads = delay <= MAX_DELAY_MS ? { time: time + delay, delay } : undefined;
  return life.overSince === undefined;
}

function record(life: Life, effects: readonly Effect[] = RECORD): readonly Effect[] {
  life.state = 'closed';
  return effects;
}

export function endTimeOf({ endTime, lastOpenTime, startTime }: Life): number {
  return endTime ?? Math.max(lastOpenTime, startTime);
}
