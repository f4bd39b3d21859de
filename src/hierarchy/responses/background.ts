import { type Context, trace } from '@opentelemetry/api';
import { keptResponse } from '../../operations/response/kept.ts';
import type { Call, CallObservation } from '../../sdk/call.ts';
import type { TextLimits } from '../../telemetry/kept-text.ts';
import { monotonic } from '../../util/clock.ts';
import { asObject, field, stringField } from '../../util/payload.ts';
import type { OpenSpan } from '../api.ts';
import type { Segment } from '../segment.ts';
import { clamp, milliseconds, ServerClock } from '../server-clock.ts';
import type { Member } from '../tracker.ts';

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled', 'incomplete']);

/** Milliseconds that a background response is waited for. */
const PATIENCE = 1_800_000;

/** Whether a response is still under way: only one that runs in the background can be, when its call is over. */
export function isUnderWay(response: unknown): boolean {
  const status = stringField(response, 'status');
  return field(response, 'background') === true && status !== undefined && !ENDED.has(status);
}

export interface BackgroundStart {
  readonly span: OpenSpan;
  readonly segment: Segment | undefined;
  readonly response: unknown;
  /** When it was created. */
  readonly time: number;
  readonly closed: (response: BackgroundResponse) => void;
  /** Of texts; `undefined` where content is not recorded. */
  readonly limits: TextLimits | undefined;
  /** Known where something else than the creation of the response has told it. */
  readonly clock?: ServerClock;
}

/** A response that runs in the background, from the call that created it to its end, however that comes to light. */
export class BackgroundResponse implements Member {
  readonly span: OpenSpan;
  readonly segment: Segment | undefined;
  readonly #clock: ServerClock;
  readonly #closed: (response: BackgroundResponse) => void;
  readonly #created = monotonic();
  readonly #limits: TextLimits | undefined;
  #latest: unknown;
  #lastOpenTime: number;
  #isClosed = false;

  constructor(start: BackgroundStart) {
    const { span, segment, response, time, closed, clock = new ServerClock() } = start;
    this.#limits = start.limits;
    this.span = span;
    this.segment = segment;
    this.#latest = keptResponse(response, this.#limits);
    this.#lastOpenTime = time;
    this.#closed = closed;
    this.#clock = clock;
    this.#clock.learn(milliseconds(response, 'created_at'), time);
    segment?.invocations.add(this);
  }

  get traceId(): string {
    return trace.getSpanContext(this.span.context)?.traceId ?? '';
  }

  /** @param live told by a stream, as it happened */
  see(response: unknown, time: number, live: boolean): void {
    const status = stringField(response, 'status');
    if (this.#isClosed || asObject(response) === undefined || status === undefined) return;
    const ended = ENDED.has(status);
    this.#latest = ended ? response : keptResponse(response, this.#limits);
    if (!ended) {
      this.#lastOpenTime = time;
      return;
    }
    const endTime = live ? time : this.#clock.local(milliseconds(response, 'completed_at'), time);
    this.#close(clamp(endTime, this.#lastOpenTime, time));
  }

  /** Records it as far as it is known. */
  close(): void {
    this.#close(this.#lastOpenTime);
  }

  /** It goes on when the span that bounds its conversation has ended. */
  closeIfFinished(): void {}

  overdue(): boolean {
    return monotonic() - this.#created >= PATIENCE;
  }

  #close(endTime: number): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.span.finish(this.#latest, endTime);
    this.#closed(this);
    this.segment?.invocationClosed(this, endTime);
  }
}

/** A request about a background response, such as a poll or a stream that is resumed: part of its span. */
export class BackgroundRequest implements CallObservation {
  readonly context: Context;
  readonly #background: BackgroundResponse;

  constructor(background: BackgroundResponse) {
    this.context = background.span.context;
    this.#background = background;
  }

  chunk(event: unknown, time: number): void {
    const response = field(event, 'response');
    if (response !== undefined) this.#background.see(response, time, true);
  }

  settle(call: Call): void {
    if (call.outcome === 'value') this.#background.see(call.value, call.endTime, false);
  }
}
