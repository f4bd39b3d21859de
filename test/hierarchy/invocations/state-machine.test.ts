import { describe, expect, it, test } from 'vitest';
import {
  canContinue,
  type Effect,
  endTimeOf,
  type Life,
  type LifeFact,
  type Living,
  newLife,
  next,
} from '../../../src/hierarchy/invocations/state-machine.ts';

const MINUTE = 60_000;

interface Traits extends Partial<Omit<Living, 'life'>> {
  readonly mayRead?: boolean;
}

/** An invocation that began at 0, of which details are missing, as a test sets it otherwise. */
function invocation({ mayRead = true, ...traits }: Traits = {}): Living {
  return {
    life: newLife(0, mayRead),
    timeout: 10 * MINUTE,
    expiresAt: Number.POSITIVE_INFINITY,
    lacks: 'details',
    isAwaited: false,
    ...traits,
  };
}

const ASKED: LifeFact = { type: 'asked', outlives: false };
const ANSWERED: LifeFact = { type: 'answered', outlives: false };
const OPEN: LifeFact = { type: 'open' };
const IDLE: LifeFact = { type: 'idle' };
const DETAIL: LifeFact = { type: 'detail' };
const FLUSH: LifeFact = { type: 'flush' };
const LEFT: LifeFact = { type: 'left' };
const TIME: LifeFact = { type: 'time', idleTimeout: 30_000 };
const CLOSE: LifeFact = { type: 'close' };
const ended = (endTime: number): LifeFact => ({ type: 'ended', endTime, latest: endTime });
const reading = (when: 'soon' | 'now' | 'no'): LifeFact => ({ type: 'reading', when });
const endRead = (isLastRead: boolean): LifeFact => ({ type: 'end read', isLastRead });
const detailsRead = (isFinal: boolean): LifeFact => ({ type: 'details read', isFinal });

type Step = readonly [time: number, fact: LifeFact, ...effects: readonly Effect[]];

const RECORD: Effect = { record: 'all' };
const DETAILS: Effect = { read: 'details' };
const END: Effect = { read: 'end', isLastRead: false };
const LAST: Effect = { read: 'end', isLastRead: true };

interface Row {
  readonly of?: Traits;
  readonly facts: readonly Step[];
  readonly becomes: Partial<Life>;
}

/** What happens to an invocation, fact by fact, and what follows from each. */
const ROWS: Readonly<Record<string, Row>> = {
  'waits for details of the program, if it may not read': {
    of: { mayRead: false },
    facts: [
      [5_000, ended(5_000)],
      [34_999, TIME],
      [35_000, TIME, RECORD],
    ],
    becomes: { state: 'closed' },
  },
  'waits for the requests that are in progress': {
    of: { lacks: 'nothing' },
    facts: [
      [1_000, ASKED],
      [5_000, ended(5_000)],
      [6_000, ANSWERED, RECORD],
    ],
    becomes: { state: 'closed' },
  },
  'waits for what works for it': {
    of: { lacks: 'invocations' },
    facts: [
      [5_000, ended(5_000)],
      [5_000, FLUSH],
    ],
    becomes: { state: 'ended' },
  },
  'keeps what could not be read until it is idle': {
    facts: [
      [5_000, ended(5_000), DETAILS],
      [5_000, reading('now')],
      [5_100, detailsRead(false)],
      [5_200, DETAIL],
      [36_000, TIME, RECORD],
    ],
    becomes: { state: 'closed' },
  },
  'does not keep it if only it keeps its conversation open': {
    of: { isAwaited: true },
    facts: [
      [5_000, ended(5_000), DETAILS],
      [5_000, reading('now')],
      [5_100, detailsRead(false), RECORD],
    ],
    becomes: { state: 'closed' },
  },
  'is recorded without details that cannot be read': {
    facts: [
      [5_000, ended(5_000), DETAILS],
      [5_000, detailsRead(true), RECORD],
    ],
    becomes: { state: 'closed' },
  },
  'continues after its conversation was idle': {
    of: { mayRead: false },
    facts: [
      [2_000, IDLE],
      [3_000, OPEN],
      [4_000, TIME],
    ],
    becomes: { state: 'open', overSince: undefined, lastOpenTime: 3_000 },
  },
  'never continues after its end': {
    of: { mayRead: false },
    facts: [
      [4_000, ended(4_000)],
      [5_000, OPEN],
      [6_000, ended(6_000)],
    ],
    becomes: { state: 'ended', endTime: 4_000 },
  },
  'waits for the program': {
    facts: [[1_000, { type: 'waiting' }]],
    becomes: { state: 'waiting', lastOpenTime: 1_000 },
  },
  'is asked for its end before it is given up': {
    facts: [
      [10 * MINUTE - 1, TIME],
      [10 * MINUTE, TIME, LAST],
      [10 * MINUTE, reading('soon')],
      [10 * MINUTE + 1_000, TIME],
      [10 * MINUTE + 2_000, endRead(true), RECORD],
    ],
    becomes: { state: 'closed', endTime: undefined },
  },
  'is not given up if it has ended': {
    facts: [
      [10 * MINUTE, TIME, LAST],
      [10 * MINUTE, reading('now')],
      [10 * MINUTE + 1_000, ended(4_000)],
      [10 * MINUTE + 2_000, endRead(true), DETAILS],
    ],
    becomes: { state: 'ended', endTime: 4_000 },
  },
  'is not silent after a sign of life': {
    facts: [
      [9 * MINUTE, { type: 'sign' }],
      [10 * MINUTE, TIME],
      [19 * MINUTE - 1, TIME],
      [19 * MINUTE, TIME, LAST],
    ],
    becomes: { state: 'open' },
  },
  'is never silent while a request about it is in progress': {
    facts: [
      [1_000, ASKED],
      [60 * MINUTE, TIME],
      [61 * MINUTE, ANSWERED],
      [70 * MINUTE, TIME],
      [71 * MINUTE, TIME, LAST],
    ],
    becomes: { state: 'open' },
  },
  'is never silent while a stream is in progress that may outlive it': {
    of: { lacks: 'nothing' },
    facts: [
      [1_000, { type: 'asked', outlives: true }],
      [60 * MINUTE, TIME],
      [61 * MINUTE, ended(61 * MINUTE), RECORD],
    ],
    becomes: { state: 'closed' },
  },
  expires: {
    of: { expiresAt: 5 * MINUTE },
    facts: [
      [5 * MINUTE - 1, TIME],
      [5 * MINUTE, TIME, LAST],
    ],
    becomes: { state: 'open' },
  },
  'is asked for its end at doubling intervals once the program has left it': {
    facts: [
      [0, LEFT],
      [999, TIME],
      [1_000, TIME, END],
      [2_999, TIME],
      [3_000, TIME, END],
      [7_000, TIME, END],
      [15_000, TIME, END],
      [31_000, TIME, END],
      [63_000, TIME],
      [127_000, TIME],
    ],
    becomes: { state: 'open', closingReads: undefined },
  },
  'is not asked for its end if the program asks again itself': {
    facts: [
      [0, LEFT],
      [500, ASKED],
      [600, ANSWERED],
      [5_000, TIME],
    ],
    becomes: { state: 'open' },
  },
  'changes no more once it is recorded': {
    of: { lacks: 'nothing' },
    facts: [
      [1_000, ended(1_000), RECORD],
      [2_000, OPEN],
      [3_000, CLOSE],
      [4_000, TIME],
    ],
    becomes: { state: 'closed', endTime: 1_000, lastOpenTime: 0 },
  },
};

test.each(Object.entries(ROWS))('an invocation %s', (_, { of, facts, becomes }) => {
  const living = invocation(of);
  for (const [time, fact, ...effects] of facts)
    expect(next(living, fact, time), `${fact.type} at ${time}`).toEqual(effects);
  expect(living.life).toMatchObject(becomes);
});

describe('the end of an invocation', () => {
  it.each([
    // From when it was last seen in progress to when its end came to light.
    [1_500, 3_000, 2_000],
    [2_500, 3_000, 2_500],
    [4_000, 3_000, 3_000],
    [2_500, 1_500, 2_000],
  ])('that is said to be at %d, seen by %d, is at %d', (endTime, latest, expected) => {
    const living = invocation();
    next(living, OPEN, 2_000);
    next(living, { type: 'ended', endTime, latest }, latest);
    expect(living.life.endTime).toBe(expected);
    expect(canContinue(living.life)).toBe(false);
  });

  it('is the last time it was seen in progress, if it is not known', () => {
    const { life } = invocation();
    next({ ...invocation(), life }, { type: 'sign' }, 3_000);
    expect(endTimeOf(life)).toBe(3_000);
  });
});
