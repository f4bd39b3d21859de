import type { Context } from '@opentelemetry/api';
import type { ApiRequest } from '../operations/index.ts';
import type { Call, CallObservation } from '../sdk/call.ts';
import { ATTR_OPENAI_POLL_COUNT } from '../semconv/attributes.ts';
import { readFailure } from '../telemetry/error.ts';
import { recordAttempts } from '../telemetry/spans/attempt-span.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { monotonic } from '../util/clock.ts';
import { stringField } from '../util/payload.ts';
import type { ConversationApi, OpenSpan, Placement } from './api.ts';
import type { Member } from './closing-reads.ts';
import { Life } from './life.ts';
import { activeSpan } from './segment.ts';
import type { ConversationTracker } from './tracker.ts';

const UNDER_WAY: ReadonlySet<string | undefined> = new Set(['in_progress', 'queued']);

/** A poll loop without a poll for this long is over. */
const POLL_TIMEOUT_MS = 60_000;

/** The number of concurrent loops that are folded into one span each. Beyond it, each poll has its own span. */
const MAX_LOOPS = 1_000;

/**
 * Folds the requests of the SDK's poll helpers, such as `vectorStores.files.poll`, into one span from the first to the
 * last. Those of runs are folded into the run.
 */
export class Polls implements ConversationApi {
  readonly #telemetry: Telemetry;
  readonly #conversations: ConversationTracker;
  readonly #open = new Map<string, Poll>();

  constructor(telemetry: Telemetry, conversations: ConversationTracker) {
    this.#telemetry = telemetry;
    this.#conversations = conversations;
  }

  observe(call: Call, request: ApiRequest): CallObservation | Placement {
    const key = pollKey(call, request);
    const poll = this.#open.get(key);
    if (poll !== undefined) return new PollRequest(this.#telemetry, poll);
    return {
      parent: call.context,
      settled: (ended, result, span) => this.#goesOn(key, ended, result, span),
    };
  }

  #goesOn(key: string, call: Call, result: unknown, span: OpenSpan): boolean {
    const { size } = this.#open;
    if (call.outcome !== 'value' || !isPollPending(result) || this.#open.has(key) || size >= MAX_LOOPS)
      return false;
    const poll = new Poll(span, result, call.endTime, () => {
      this.#open.delete(key);
      this.#conversations.release(poll);
    });
    this.#open.set(key, poll);
    this.#conversations.keep(poll);
    return true;
  }
}

/** Identifies a poll loop: what is polled, in which trace. */
function pollKey({ context }: Call, { route, values }: ApiRequest): string {
  return [activeSpan(context)?.spanContext().traceId, route.template, ...values].join(' ');
}

function isPollPending(result: unknown): boolean {
  return UNDER_WAY.has(stringField(result, 'status'));
}

/** A poll loop in progress. */
class Poll implements Member {
  readonly #span: OpenSpan;
  readonly #closed: () => void;
  #latest: unknown;
  readonly #life: Life;
  #lastActive = monotonic();
  #count = 1;

  constructor(span: OpenSpan, result: unknown, time: number, closed: () => void) {
    this.#span = span;
    this.#latest = result;
    this.#life = new Life(time);
    this.#closed = closed;
  }

  get context(): Context {
    return this.#span.context;
  }

  asked(): void {
    this.#life.requests++;
  }

  answered(call: Call): void {
    this.#life.requests--;
    this.#count++;
    this.#life.goOn(call.endTime);
    this.#lastActive = monotonic();
    if (call.outcome === 'value') this.#latest = call.value;
    if (call.outcome !== 'value' || !isPollPending(call.value)) this.#close(call.error);
  }

  /** Ends its span with the last known result. */
  close(): void {
    this.#close();
  }

  closeIfFinished(): void {}

  overdue(): boolean {
    return this.#life.requests === 0 && monotonic() - this.#lastActive >= POLL_TIMEOUT_MS;
  }

  #close(error?: unknown): void {
    if (this.#life.state === 'closed') return;
    const endTime = this.#life.close();
    this.#closed();
    this.#span.finish(this.#latest, endTime, {
      attributes: { [ATTR_OPENAI_POLL_COUNT]: this.#count },
      failure: error === undefined ? undefined : readFailure(error),
    });
  }
}

/** A later poll of a loop, folded into the span of the first one. */
class PollRequest implements CallObservation {
  readonly context: Context;
  readonly #telemetry: Telemetry;
  readonly #poll: Poll;

  constructor(telemetry: Telemetry, poll: Poll) {
    this.context = poll.context;
    this.#telemetry = telemetry;
    this.#poll = poll;
    poll.asked();
  }

  settle(call: Call): void {
    recordAttempts(this.#telemetry, call, this.context);
    this.#poll.answered(call);
  }
}
