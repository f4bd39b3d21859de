import type { Telemetry } from '../../telemetry/telemetry.ts';
import { guardAsync } from '../../util/guard.ts';
import { nextTurn, settledWithin } from '../../util/wait.ts';
import type { Send } from '../dialect.ts';
import { BackgroundReads, type OriginReads } from '../reads.ts';
import type { Invocation, ReadInvocation } from './invocation.ts';
import { canContinue, isUnwatched } from './life.ts';

/** How long a shutdown, or a flush that ends what is idle, waits for the API to say how open operations ended. */
const CLOSING_READS_TIMEOUT_MS = 1_500;

/** Aborts the last reads together. Each has a controller: Node 20 warns if one `AbortSignal` has many listeners. */
interface ReadLimit {
  isOver: boolean;
  readonly controllers: Set<AbortController>;
}

/**
 * Reads from the API what no call of the program shows: the end of an invocation that the program no longer waits for,
 * or the details of one that is over.
 */
export class InvocationReads {
  /** Decides when each read may send its requests. */
  readonly queue: BackgroundReads;
  readonly #telemetry: Telemetry;

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
    this.queue = new BackgroundReads(telemetry.settings.maxConversations);
  }

  /** The function that reads about the invocation; `undefined` if there is none, or if `runSteps` forbids reads. */
  #readOf({ read }: Invocation): ReadInvocation | undefined {
    return this.#telemetry.settings.runSteps === 'fetch' ? read : undefined;
  }

  /** Reads the missing details of an invocation that is over, unless the program asks for them itself. */
  details(invocation: Invocation): void {
    const read = this.#readOf(invocation);
    if (read === undefined) return;
    const from = this.queue.at(invocation.endpoint.origin);
    if (from.lacksEndpoint) invocation.hear({ type: 'unreadable' });
    else if (from.full) {
      this.queue.skip();
      invocation.hear({ type: 'details read', isFinal: false });
    } else {
      invocation.hear({ type: 'reading', when: 'soon' });
      void guardAsync('reading details', async () => {
        if (this.queue.isPatient) await nextTurn();
        if (invocation.life.requests > 0) invocation.hear({ type: 'reading', when: 'no' });
        else await this.#detailsFrom(from, invocation, read);
      });
    }
  }

  async #detailsFrom(from: OriginReads, invocation: Invocation, read: ReadInvocation): Promise<void> {
    const { began, succeeded } = await from.read({
      id: invocation.id ?? '',
      run: (send) => read('details', sending(invocation, send)),
      isWanted: () => !invocation.life.isDeleted && !invocation.isRecorded,
    });
    if (!began && !succeeded && !invocation.isRecorded) this.queue.skip();
    invocation.hear({ type: 'details read', isFinal: succeeded || !began });
  }

  /** Reads the end of an invocation that the program no longer waits for, or that is about to be given up. */
  end(invocation: Invocation, isLastRead: boolean): void {
    if (this.#startEnd(invocation, isLastRead) !== undefined) return;
    if (isLastRead && this.#readOf(invocation) !== undefined) this.queue.skip();
    invocation.hear({ type: 'end read', isLastRead });
  }

  /**
   * Reads the end of each invocation in progress once, for 1.5 s at most. It skips those that a request or stream of
   * the program is about.
   *
   * @param isLast whether everything is recorded afterwards. Reads that are still in progress are then aborted
   */
  async allEnds(invocations: Iterable<Invocation>, isLast: boolean): Promise<void> {
    const limit: ReadLimit = { isOver: false, controllers: new Set() };
    const started: Promise<void>[] = [];
    for (const invocation of invocations) {
      if (!isUnwatched(invocation.life)) continue;
      const read = this.#startEnd(invocation, isLast, limit);
      if (read !== undefined) started.push(read);
      else if (isLast && this.#readOf(invocation) !== undefined) this.queue.skip();
    }
    if (started.length > 0) await settledWithin(CLOSING_READS_TIMEOUT_MS, started);
    if (!isLast) return;
    limit.isOver = true;
    for (const controller of limit.controllers) controller.abort();
  }

  /** @returns settles when the read is over; `undefined` if there is none */
  #startEnd(invocation: Invocation, isLast: boolean, limit?: ReadLimit): Promise<void> | undefined {
    const { life, endpoint } = invocation;
    const read = this.#readOf(invocation);
    const from = this.queue.at(endpoint.origin);
    if (read === undefined || from.full || from.rests) return undefined;
    invocation.hear({ type: 'reading', when: 'soon' });
    const outcome = from.read({
      id: invocation.id ?? '',
      run: (send) => read('end', sending(invocation, send, limit)),
      isWanted: () => canContinue(life) && life.requests === 0 && limit?.isOver !== true,
    });
    return guardAsync('reading an end', async () => {
      const { began } = await outcome;
      if (!began && isLast && canContinue(life)) this.queue.skip();
      invocation.hear({ type: 'end read', isLastRead: isLast && limit === undefined });
    });
  }
}

/** Tells the invocation when a request of its read is sent. */
function sending(invocation: Invocation, send: Send, limit?: ReadLimit): Send {
  return (request) =>
    send((controller) => {
      limit?.controllers.add(controller);
      invocation.hear({ type: 'reading', when: 'now' });
      return request(controller);
    });
}
