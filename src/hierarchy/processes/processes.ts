import { type Context, isSpanContextValid, type SpanContext, trace } from '@opentelemetry/api';
import { notice } from '../../diagnostics/report.ts';
import { type ApiRequest, operationOf } from '../../operations/index.ts';
import type { ReadonlyCall, RequestChanges } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import { isPollHelper } from '../../sdk/resources.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { stringField } from '../../util/payload.ts';
import { activeSpan } from '../conversations/conversation.ts';
import type { InvocationSnapshot } from '../dialect.ts';
import type { InvocationStart } from '../invocations/agent-invocation.ts';
import { dateOf, OperationClock } from '../operation-clock.ts';
import { LONG_LIFETIME_MS, type Shelf, type Store } from '../store.ts';
import { addTraceContext, hasRecordingCreator, hasRoomForMark, spanContextIn } from './metadata.ts';

/** Operations that ended longer ago are not adopted: this process may have recorded and forgotten them. */
const MAX_ADOPTED_AGE_MS = 3_600_000;

/** When and how an object of the API was seen: by a call of the program, or by one of our own reads. */
export interface Observation {
  readonly endpoint: Endpoint;
  /** The caller's context, or the root context for a background read. */
  readonly context: Context;
  readonly call: Pick<
    ReadonlyCall,
    'startTime' | 'ownClock' | 'headers' | 'headersTime' | 'streamed' | 'context' | 'requestHeaders'
  >;
  readonly time: number;
  /** The outputs of functions that the request submits. */
  readonly outputs: readonly unknown[];
}

/** What this process knows of something that it has created and handed on. By default, its object tells when it began. */
type HandedOn = Partial<Pick<InvocationStart, 'creator' | 'input' | 'startTime'>>;

/** How the span of an adopted operation starts. */
type Adoption = Omit<InvocationStart, 'kind' | 'conversationId' | 'endpoint' | 'reported'>;

/**
 * Several processes may work on the same run or response. The process that creates it records it. If that
 * process hands it on or is not instrumented, another process may adopt it. Used only if the option
 * `adoptRuns` or `propagateInMetadata` is set: in the built package, the code of this folder is loaded then.
 */
export class Processes {
  readonly #telemetry: Pick<Telemetry, 'settings'>;
  readonly #handedOn: Shelf<HandedOn>;

  constructor(telemetry: Pick<Telemetry, 'settings'>, store: Store) {
    this.#telemetry = telemetry;
    this.#handedOn = store.shelf({ lifetimeMs: LONG_LIFETIME_MS });
  }

  /**
   * Called before a run, a turn or a background response is requested.
   *
   * @param hasMetadata whether it can be marked. A turn has no metadata, so its requester records it
   * @returns whether this process hands it on. It never hands on what it streams
   */
  asked(call: ReadonlyCall, hasMetadata: boolean): boolean {
    const { adoptRuns, propagateInMetadata } = this.#telemetry.settings;
    if (adoptRuns === false) return false;
    if (propagateInMetadata) return hasMetadata && !call.streamed && hasRoomForMark(call.body);
    notice('adopts_unmarked');
    return false;
  }

  /** How the request changes to tell other processes of its span; `undefined` if it does not. */
  mark({ route }: ApiRequest, isHandedOn: boolean): RequestChanges['mark'] {
    const { propagateInMetadata } = this.#telemetry.settings;
    if (!propagateInMetadata || operationOf(route).traits?.createsMetadata !== true) return undefined;
    return (options, context) => addTraceContext(options, context, isHandedOn);
  }

  /** Called once the API has created something that this process hands on, in the context of the request's span. */
  created(origin: string, id: string, context: Context, known: HandedOn = {}): void {
    const span = trace.getSpanContext(context);
    // The span counts as remote, because it may end before it is used.
    const creator = span && isSpanContextValid(span) ? { ...span, isRemote: true } : undefined;
    this.#handedOn.set(origin, id, { ...known, creator });
  }

  /**
   * Called with an object that a request of the program has read.
   *
   * @returns the span that created it, in any process. End users and gateways may write metadata, so an option
   *   must allow using its trace and its sampling decision
   */
  seen(object: unknown, origin: string): SpanContext | undefined {
    const own = this.#handedOn.get(origin, stringField(object, 'id'));
    return own?.creator ?? spanContextIn(object, this.#trustsMetadata);
  }

  /**
   * Called with an operation that this process has not recorded. Returns `undefined` if it does not adopt that.
   * If no span is active, the operation continues the trace of a trusted creator. Otherwise, it links to its
   * creator, if that is known.
   *
   * @param operation its times are by the server's clock. The API's object is not set for turns: they have no metadata
   */
  adopt(
    {
      id,
      createdAt,
      endedAt,
      object,
    }: Pick<InvocationSnapshot, 'id' | 'createdAt' | 'endedAt'> & { object?: unknown },
    by: Observation,
  ): Adoption | undefined {
    const { call, context, time, outputs } = by;
    const { origin } = by.endpoint;
    const { adoptRuns } = this.#telemetry.settings;
    // Headers are slow to read, so the option comes first.
    if (adoptRuns === false) return undefined;
    // Reading a run or response once does not count as work on it.
    const isWorkedOn = call.streamed || isPollHelper(call) || outputs.length > 0;
    if (!isWorkedOn && adoptRuns !== 'polled') return undefined;
    const now = dateOf(call.headers) ?? time;
    if (endedAt !== undefined && endedAt < now - MAX_ADOPTED_AGE_MS) return undefined;
    const own = this.#handedOn.get(origin, id);
    if (own === undefined && hasRecordingCreator(object)) return undefined;
    const creator = this.seen(object, origin);
    this.#handedOn.delete(origin, id);
    const isTrusted = own !== undefined || this.#trustsMetadata;
    const continues = creator !== undefined && isTrusted && activeSpan(context) === undefined;
    const clock = new OperationClock(call.ownClock).learnFrom(call);
    return {
      context: continues ? trace.setSpanContext(context, creator) : context,
      creator: continues ? undefined : creator,
      input: own?.input,
      startTime: own?.startTime ?? Math.min(clock.local(createdAt, time), time),
      sentAt: call.startTime,
      clock,
      // A start in another process is known only in the server's whole seconds.
      rebuilt: own?.startTime === undefined,
    };
  }

  get #trustsMetadata(): boolean {
    const { adoptRuns } = this.#telemetry.settings;
    return adoptRuns === true || adoptRuns === 'polled';
  }
}
