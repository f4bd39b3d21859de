import type { BackgroundReads } from './background-reads.ts';
import type { Invocation } from './invocation.ts';
import type { ReadDetails } from './invocation-start.ts';

/**
 * Reads what is not known yet of an invocation that has ended, and closes it. What the program asks for itself by
 * the time the read would begin is left to the program.
 *
 * @param left called once it is known that the program has asked; the read may be wanted all the same after that
 * @throws what the SDK throws
 */
export async function readDetails(
  reads: BackgroundReads,
  invocation: Invocation,
  details: ReadDetails,
  left: () => void,
): Promise<void> {
  invocation.read = true;
  invocation.reading = 'soon';
  let leaves = false;
  let succeeded = false;
  const read = async (): Promise<void> => {
    invocation.reading = 'now';
    await details(invocation);
    succeeded = true;
  };
  await reads.start(read, () => {
    leaves = invocation.calls > 0;
    return !leaves && !invocation.closed;
  });
  invocation.reading = 'no';
  // What is read may tell that it goes on after all.
  invocation.read = !leaves && invocation.finished !== undefined;
  if (leaves) return left();
  if (!invocation.read || invocation.below.size > 0) return;
  const parentIsOver = invocation.segment?.parentEnded === true;
  if (succeeded || parentIsOver || invocation.complete) invocation.close();
}
