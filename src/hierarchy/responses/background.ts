import { type Context, trace } from '@opentelemetry/api';
import { keptResponse } from '../../operations/response/kept.ts';
import type { Call, CallObservation } from '../../sdk/call.ts';
import { readWithClient } from '../../sdk/own-requests.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import type { TextLimits } from '../../telemetry/kept-text.ts';
import { now } from '../../util/clock.ts';
import { asObject, field, stringField } from '../../util/payload.ts';
import type { OpenSpan } from '../api.ts';
import type { Askable, Member } from '../closing-reads.ts';
import { isLeft } from '../invocation-requests.ts';
import { Life } from '../life.ts';
import type { Send } from '../origin-reads.ts';
import type { Segment } from '../segment.ts';
import { clamp, milliseconds, ServerClock } from '../server-clock.ts';

const ENDED_RESPONSE_STATUSES: ReadonlySet<string> = new Set([
  'completed',
  'failed',
  'cancelled',
  'incomplete',
]);

/** A background response that has shown no sign of life for this time is given up. */
const BACKGROUND_RESPONSE_TIMEOUT_MS = 1_800_000;

/** Whether a response is in progress after its call, which only a background response can be. */
export function isResponseOpen(response: unknown): boolean {
  const status = stringField(response, 'status');
  return (
    field(response, 'background') === true && status !== undefined && !ENDED_RESPONSE_STATUSES.has(status)
  );
}

export interface BackgroundStart {
  readonly id: string;
  readonly endpoint: Endpoint;
  /** That asks for its end. */
  readonly client: object;
  readonly span: OpenSpan;
  readonly segment: Segment | undefined;
  readonly response: unknown;
  /** When it was created. */
  readonly time: number;
  readonly closed: (response: BackgroundResponse) => void;
  /** Of texts; `undefined` where content is not recorded. */
  readonly limits: TextLimits | undefined;
  /** Set if the clock was learnt from something else than the creation. */
  readonly clock?: ServerClock;
}

/** A background response, from its creation to its end, however the end becomes known. */
export class BackgroundResponse implements Member, Askable {
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly life: Life;
  readonly askable: Askable = this;
  reading: Askable['reading'] = 'no';
  readonly span: OpenSpan;
  readonly segment: Segment | undefined;
  readonly #client: object;
  readonly #clock: ServerClock;
  readonly #closed: (response: BackgroundResponse) => void;
  readonly #limits: TextLimits | undefined;
  #latest: unknown;

  constructor(start: BackgroundStart) {
    const { span, segment, response, time, closed, clock = new ServerClock() } = start;
    this.id = start.id;
    this.endpoint = start.endpoint;
    this.#client = start.client;
    this.#limits = start.limits;
    this.span = span;
    this.segment = segment;
    this.#latest = keptResponse(response, this.#limits);
    this.life = new Life(time);
    this.#closed = closed;
    this.#clock = clock;
    this.#clock.learn(milliseconds(response, 'created_at'), time);
    segment?.invocations.add(this);
  }

  get traceId(): string {
    return trace.getSpanContext(this.span.context)?.traceId ?? '';
  }

  /** The program may have left the stream that created it. */
  startedWith(call: Call): void {
    if (isLeft(call)) this.life.closing.begin();
  }

  readonly ask = async (send: Send): Promise<void> => {
    const path = `/responses/${encodeURIComponent(this.id)}`;
    const response = await send(() => readWithClient(this.#client, path, {}, undefined));
    this.see(response, now(), false);
  };

  /** @param live whether a stream reported it as it happened */
  see(response: unknown, time: number, live: boolean): void {
    const status = stringField(response, 'status');
    if (this.life.state === 'closed' || asObject(response) === undefined || status === undefined) return;
    const ended = ENDED_RESPONSE_STATUSES.has(status);
    this.#latest = ended ? response : keptResponse(response, this.#limits);
    if (!ended) {
      this.life.goOn(time);
      return;
    }
    const endTime = live ? time : this.#clock.local(milliseconds(response, 'completed_at'), time);
    const clamped = clamp(endTime, this.life.lastOpenTime, time);
    this.life.end(clamped);
    this.#close(clamped);
  }

  /** Ends its span with the last known state. */
  close(): void {
    this.#close(this.life.lastOpenTime);
  }

  /** Whether its end is known. */
  get hasEnded(): boolean {
    return this.life.endTime !== undefined;
  }

  /** A background response outlives the span that bounds its conversation. */
  closeIfFinished(): void {}

  overdue(): boolean {
    return this.life.isSilent(BACKGROUND_RESPONSE_TIMEOUT_MS);
  }

  #close(endTime: number): void {
    if (this.life.state === 'closed') return;
    this.life.close();
    this.span.finish(this.#latest, endTime);
    this.#closed(this);
    this.segment?.invocationClosed(this, endTime);
  }
}

/** Observes a request about a background response, such as a poll or a resumed stream, which is folded into its span. */
export class BackgroundRequest implements CallObservation {
  readonly context: Context;
  readonly #background: BackgroundResponse;

  constructor(background: BackgroundResponse) {
    this.context = background.span.context;
    this.#background = background;
    background.life.closing.cancel();
    background.life.requests++;
  }

  chunk(event: unknown, time: number): void {
    const response = field(event, 'response');
    if (response !== undefined) this.#background.see(response, time, true);
  }

  settle(call: Call): void {
    const { life } = this.#background;
    life.requests--;
    if (call.outcome === 'value') this.#background.see(call.value, call.endTime, false);
    if (isLeft(call)) life.closing.begin();
  }
}
