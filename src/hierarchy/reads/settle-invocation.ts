import { guardAsync } from '../../util/guard.ts';
import { type Invocation, isWhole, type ReadDetails } from '../invocations/invocation.ts';
import type { BackgroundReads } from './background-reads.ts';

/**
 * Closes an ended invocation once its details are known: at once, after a background read, or after the program's own
 * requests.
 *
 * @param fetches whether details may be read in the background
 */
export function settleInvocation(reads: BackgroundReads, invocation: Invocation, fetches: boolean): void {
  const { life, reading, read, details, span, below } = invocation;
  if (life.finished === undefined || life.requests > 0 || life.state === 'closed') return;
  if (reading === 'now' || below.size > 0) return;
  const isTold = span.isRecording() || invocation.telemetry.readsUnsampled;
  const from = reads.at(invocation.endpoint.origin);
  const isKnown = fetches && !from.lacksEndpoint ? isWhole(invocation) : invocation.complete;
  if (!isTold || isKnown) {
    invocation.close();
    return;
  }
  if (!fetches || read || details === undefined || from.lacksEndpoint) return;
  if (from.full) {
    invocation.read = true;
    reads.skip();
    return;
  }
  startReading(reads, invocation, details);
}

/** Apart from the above, which runs for every answer and would make these functions each time. */
function startReading(reads: BackgroundReads, invocation: Invocation, details: ReadDetails): void {
  invocation.read = true;
  invocation.reading = 'soon';
  const left = (): void => settleInvocation(reads, invocation, true);
  const start = (): void =>
    void guardAsync('reading details', () => readDetails(reads, invocation, details, left));
  if (!reads.patient) {
    start();
    return;
  }
  reads.nextTurn(() => {
    const { life } = invocation;
    if (life.requests === 0 && life.state !== 'closed') start();
    else invocation.reading = 'no';
    // Where the program's own request is under way, the read may be needed after it.
    invocation.read = life.requests === 0;
  });
}

/**
 * Reads the missing details of an ended invocation and closes it. If the program itself has requested them by then, the
 * read is left to the program.
 *
 * @param left called when the read was left to the program; it may be needed again later
 * @throws the SDK's error
 */
async function readDetails(
  reads: BackgroundReads,
  invocation: Invocation,
  details: ReadDetails,
  left: () => void,
): Promise<void> {
  let leaves = false;
  let began = false;
  let succeeded = false;
  const from = reads.at(invocation.endpoint.origin);
  const read = async (): Promise<void> => {
    began = true;
    invocation.reading = 'now';
    await details(invocation, 'details', from.send);
    succeeded = true;
  };
  const wanted = (): boolean => {
    leaves = invocation.life.requests > 0;
    return !leaves && invocation.life.state !== 'closed' && invocation.mayGoOn;
  };
  await from.start(invocation.id ?? '', read, wanted);
  invocation.reading = 'no';
  // The read may show that it is in progress after all.
  invocation.read = !leaves && invocation.life.finished !== undefined;
  if (leaves) return left();
  if (!invocation.read || invocation.below.size > 0 || invocation.life.state === 'closed') return;
  if (!began) reads.skip();
  const parentIsOver = invocation.segment?.parentEnd !== undefined;
  if (succeeded || !began || parentIsOver || invocation.complete) invocation.close();
}
