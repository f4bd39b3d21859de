import type { Settings } from '../../config/config.ts';
import { monotonic, now } from '../../util/clock.ts';
import { settledWithin } from '../../util/wait.ts';
import type { SegmentMember } from '../conversations/segment.ts';
import type { Invocation } from '../invocations/invocation.ts';
import type { Life } from '../invocations/life.ts';
import type { BackgroundReads } from './background-reads.ts';
import type { Send } from './origin-reads.ts';
import { settleInvocation } from './read-details.ts';

/** How long a program that ends waits for how things ended. */
const CLOSING_READS_TIMEOUT_MS = 1_500;
/** How long a run that has ended waits for a server that rests. */
const REST_TIMEOUT_MS = 5_000;

/** Something in progress that the API can be asked for. */
export interface Askable {
  readonly id: string | undefined;
  readonly endpoint: { readonly origin: string };
  readonly life: Life;
  reading: 'no' | 'soon' | 'now';
  /**
   * Asks for its state with one request, and takes the answer. `undefined` if nothing can be asked.
   *
   * @throws the SDK's error
   */
  readonly ask: ((send: Send) => Promise<void>) | undefined;
  close(): void;
}

/** Another operation that outlives its call and is bounded like an invocation. */
export interface Member extends SegmentMember {
  overdue(): boolean;
  /** Itself, where it can be asked for. */
  readonly askable?: Askable;
}

/**
 * Asks once how it ended.
 *
 * @param after called once the read is over; `asked`: whether a request was sent
 * @param limit aborts it
 * @returns settles after that; `undefined` if it cannot be asked
 */
function askForEnd(
  reads: BackgroundReads,
  askable: Askable,
  after: (asked: boolean) => void,
  limit?: AbortSignal,
): Promise<void> | undefined {
  const { id, life, ask, endpoint } = askable;
  if (life.finished !== undefined || askable.reading !== 'no' || ask === undefined) return undefined;
  const from = reads.at(endpoint.origin);
  if (!from.available) return undefined;
  let asked = false;
  const send: Send = (request) =>
    from.send((controller) => {
      limit?.addEventListener('abort', () => controller.abort());
      return request(controller);
    });
  const read = (): Promise<void> => {
    asked = true;
    return ask(send);
  };
  askable.reading = 'now';
  return from
    .start(id ?? '', read, () => life.canGoOn && life.requests === 0 && limit?.aborted !== true)
    .then(() => {
      askable.reading = 'no';
      after(asked);
    });
}

/** Asks for the end of what is about to be given up, then closes it. */
export function giveUp(reads: BackgroundReads, askable: Askable, settle: () => void): void {
  const after = (asked: boolean): void => {
    if (!asked && askable.life.canGoOn) reads.skip();
    settle();
    if (askable.life.canGoOn && askable.life.requests === 0) askable.close();
  };
  if (askForEnd(reads, askable, after) !== undefined) return;
  if (askable.reading !== 'no') return;
  if (askable.ask !== undefined) reads.skip();
  askable.close();
}

/** Asks how something ended that the program no longer waits for, if it is time to. */
function followUp(reads: BackgroundReads, askable: Askable, settle: () => void): void {
  const { life } = askable;
  if (life.requests + life.streams > 0 || !life.closing.isDue(monotonic())) return;
  void askForEnd(reads, askable, settle);
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
    const { rests } = reads.at(invocation.endpoint.origin);
    const timeout = rests ? REST_TIMEOUT_MS : runTimeout;
    if (reading !== 'soon' || life.finished === undefined || time - life.finished < timeout) return;
    reads.skip();
    invocation.close();
  } else if (!isOverdue) {
    if (fetches) followUp(reads, invocation, settle);
  } else if (fetches && life.finished === undefined) giveUp(reads, invocation, settle);
  else invocation.close();
}

export function sweepMember(reads: BackgroundReads, member: Member, { runSteps }: Settings): void {
  const askable = runSteps === 'fetch' ? member.askable : undefined;
  if (!member.overdue()) {
    if (askable !== undefined) followUp(reads, askable, () => undefined);
  } else if (askable === undefined) member.close();
  else giveUp(reads, askable, () => undefined);
}

/**
 * Asks once for the end of everything in progress that no request of the program is about.
 *
 * @param isLast whether it is closed after that
 * @returns settles when all is known, or after 1.5 s, when the last reads are aborted
 */
export async function askForEnds(
  reads: BackgroundReads,
  open: { readonly invocations: Iterable<Invocation>; readonly members: Iterable<Member> },
  isLast: boolean,
): Promise<void> {
  const asks: Promise<void>[] = [];
  const limit = new AbortController();
  const askOne = (askable: Askable, settle: () => void): void => {
    const { life } = askable;
    if (life.finished !== undefined || life.requests + life.streams > 0) return;
    const after = (asked: boolean): void => {
      if (!asked && isLast) reads.skip();
      settle();
    };
    const ask = askForEnd(reads, askable, after, limit.signal);
    if (ask !== undefined) asks.push(ask);
    else if (isLast && askable.ask !== undefined) reads.skip();
  };
  for (const invocation of open.invocations)
    askOne(invocation, () => settleInvocation(reads, invocation, true));
  for (const { askable } of open.members) if (askable !== undefined) askOne(askable, () => undefined);
  if (asks.length > 0) await settledWithin(CLOSING_READS_TIMEOUT_MS, asks);
  if (isLast) limit.abort();
}

/** Whether its `expires_at` has passed. It has not, whatever the clocks say, if the API has shown it in progress since then. */
function hasExpired({ life, clock, snapshot }: Invocation): boolean {
  const expiry = clock.local(snapshot?.expiresAt, Number.POSITIVE_INFINITY);
  return life.finished === undefined && now() >= expiry && life.lastOpenTime < expiry;
}
