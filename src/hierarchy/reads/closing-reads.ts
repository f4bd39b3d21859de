import type { Settings } from '../../config/config.ts';
import { monotonic } from '../../util/clock.ts';
import { settledWithin } from '../../util/wait.ts';
import type { Send } from '../dialect.ts';
import type { Invocation } from '../invocations/invocation.ts';
import type { Member, Retrievable } from '../invocations/life.ts';
import type { BackgroundReads } from './background-reads.ts';
import { settleInvocation } from './settle-invocation.ts';

/** How long a program that ends waits for how things ended. */
const CLOSING_READS_TIMEOUT_MS = 1_500;

/** What the last reads may take together. One `AbortSignal` for all would make Node 20 warn of its many listeners. */
interface ReadLimit {
  isOver: boolean;
  readonly controllers: Set<AbortController>;
}

/**
 * Reads once how it ended.
 *
 * @param after called once the read is over; `sent`: whether a request was
 * @param limit aborts it
 * @returns settles after that; `undefined` if it cannot be read
 */
function readEndOnce(
  reads: BackgroundReads,
  retrievable: Retrievable,
  after: (sent: boolean) => void,
  limit?: ReadLimit,
): Promise<void> | undefined {
  const { id, life, retrieve, endpoint } = retrievable;
  if (life.finished !== undefined || retrievable.reading !== 'no' || retrieve === undefined) return undefined;
  const from = reads.at(endpoint.origin);
  if (!from.available) return undefined;
  let sent = false;
  const send: Send = (request) =>
    from.send((controller) => {
      limit?.controllers.add(controller);
      return request(controller);
    });
  const read = (): Promise<void> => {
    sent = true;
    return retrieve(send);
  };
  retrievable.reading = 'now';
  return from
    .start(id ?? '', read, () => life.canGoOn && life.requests === 0 && limit?.isOver !== true)
    .then(() => {
      retrievable.reading = 'no';
      after(sent);
    });
}

/** Reads the end of what is about to be given up, then closes it. */
export function giveUp(reads: BackgroundReads, retrievable: Retrievable, settle: () => void): void {
  const after = (sent: boolean): void => {
    if (!sent && retrievable.life.canGoOn) reads.skip();
    settle();
    if (retrievable.life.canGoOn && retrievable.life.requests === 0) retrievable.close();
  };
  if (readEndOnce(reads, retrievable, after) !== undefined) return;
  if (retrievable.reading !== 'no') return;
  if (retrievable.retrieve !== undefined) reads.skip();
  retrievable.close();
}

/** Reads how something ended that the program no longer waits for, if it is time to. */
function followUp(reads: BackgroundReads, retrievable: Retrievable, settle: () => void): void {
  const { life } = retrievable;
  if (life.requests + life.streams > 0 || !life.closing.isDue(monotonic())) return;
  void readEndOnce(reads, retrievable, settle);
}

/** Closes an invocation that is overdue, and reads what it is time to read. */
export function sweepInvocation(
  reads: BackgroundReads,
  invocation: Invocation,
  { conversationIdleTimeout, runTimeout, runSteps }: Settings,
): void {
  const { life, reading } = invocation;
  const time = monotonic();
  const fetches = runSteps === 'fetch';
  const settle = (): void => settleInvocation(reads, invocation, fetches);
  const isOverdue = life.isOverdue(runTimeout, conversationIdleTimeout, time) || hasExpired(invocation);
  if (reading !== 'no') {
    if (reading !== 'soon' || life.finished === undefined || time - life.finished < runTimeout) return;
    reads.skip();
    invocation.close();
  } else if (!isOverdue) {
    if (fetches) followUp(reads, invocation, settle);
  } else if (fetches && life.finished === undefined) giveUp(reads, invocation, settle);
  else invocation.close();
}

export function sweepMember(reads: BackgroundReads, member: Member, { runSteps }: Settings): void {
  const retrievable = runSteps === 'fetch' ? member.retrievable : undefined;
  if (!member.overdue()) {
    if (retrievable !== undefined) followUp(reads, retrievable, () => undefined);
  } else if (retrievable === undefined) member.close();
  else giveUp(reads, retrievable, () => undefined);
}

/**
 * Reads once the end of everything in progress that no request of the program is about.
 *
 * @param isLast whether it is closed after that
 * @returns settles when all is known, or after 1.5 s, when the last reads are aborted
 */
export async function readEnds(
  reads: BackgroundReads,
  open: { readonly invocations: Iterable<Invocation>; readonly members: Iterable<Member> },
  isLast: boolean,
): Promise<void> {
  const started: Promise<void>[] = [];
  const limit: ReadLimit = { isOver: false, controllers: new Set() };
  const readOne = (retrievable: Retrievable, settle: () => void): void => {
    const { life } = retrievable;
    if (life.finished !== undefined || life.requests + life.streams > 0) return;
    const after = (sent: boolean): void => {
      if (!sent && isLast) reads.skip();
      settle();
    };
    const read = readEndOnce(reads, retrievable, after, limit);
    if (read !== undefined) started.push(read);
    else if (isLast && retrievable.retrieve !== undefined) reads.skip();
  };
  for (const invocation of open.invocations)
    readOne(invocation, () => settleInvocation(reads, invocation, true));
  for (const { retrievable } of open.members)
    if (retrievable !== undefined) readOne(retrievable, () => undefined);
  if (started.length > 0) await settledWithin(CLOSING_READS_TIMEOUT_MS, started);
  if (!isLast) return;
  limit.isOver = true;
  for (const controller of limit.controllers) controller.abort();
}

/** Whether its `expires_at` has passed. It has not, whatever the clocks say, if the API has shown it in progress since then. */
function hasExpired({ life, clock, snapshot }: Invocation): boolean {
  const expiry = clock.local(snapshot?.expiresAt, Number.POSITIVE_INFINITY);
  return life.finished === undefined && clock.now() >= expiry && life.lastOpenTime < expiry;
}
