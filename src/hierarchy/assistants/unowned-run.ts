import type { SpanContext } from '@opentelemetry/api';
import type { Call } from '../../sdk/call.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { BoundedMap } from '../../util/lru-map.ts';
import { field, stringField } from '../../util/payload.ts';
import type { OpenSpan } from '../api.ts';
import type { AskedMessages } from '../conversation.ts';
import type { Invocation } from '../invocation.ts';
import { creatorOf } from '../remote-creator.ts';
import type { ConversationTracker } from '../tracker.ts';
import { keyAt } from '../whereabouts.ts';
import { adoptRun } from './adoption.ts';
import type { AssistantsCall } from './assistants-call.ts';

/** A run that this process created and handed on. */
export interface RunHandedOn {
  readonly startTime: number;
  /** The request's span: what this process knows itself needs no metadata. */
  readonly creator: SpanContext | undefined;
  readonly asked: AskedMessages;
}

/**
 * Observes a request about a run that this process does not record yet. It starts to record a run that it adopts, or
 * that it handed on and now waits for itself.
 */
export class UnownedRun {
  readonly #telemetry: Telemetry;
  readonly #conversations: ConversationTracker;
  readonly #read: AssistantsCall;
  readonly #handedOn: BoundedMap<string, RunHandedOn>;
  #adopted: Invocation | undefined;
  #creator: SpanContext | undefined;

  constructor(
    telemetry: Telemetry,
    conversations: ConversationTracker,
    read: AssistantsCall,
    handedOn: BoundedMap<string, RunHandedOn>,
  ) {
    this.#telemetry = telemetry;
    this.#conversations = conversations;
    this.#read = read;
    this.#handedOn = handedOn;
  }

  /** Takes events of an adopted run. */
  chunk(event: unknown, time: number): void {
    if (this.#adopted === undefined) this.#see(field(event, 'data'), time);
    else this.#read.sightings.event(event, time, this.#adopted);
  }

  settled(call: Call, span: OpenSpan): void {
    if (call.outcome === 'value') this.#see(call.value, call.endTime);
    if (this.#creator !== undefined) span.link(this.#creator);
  }

  #see(run: unknown, time: number): void {
    if (field(run, 'object') !== 'thread.run') return;
    const id = stringField(run, 'id') ?? '';
    const { settings } = this.#telemetry;
    const { endpoint, threadId } = this.#read;
    const { origin } = endpoint;
    const key = keyAt(origin, id);
    const handedOn = this.#handedOn.get(key);
    // If this process has recorded the run, the request links to it.
    if (!this.#conversations.knows(id, origin))
      this.#creator ??= handedOn?.creator ?? creatorOf(run, settings);
    const { call, sightings } = this.#read;
    const waits = handedOn !== undefined && (call.pollHelper || call.streamed);
    if (!waits && settings.adoptRuns === false) return;
    const observation = { time, headers: call.headers, handedOn };
    this.#adopted =
      this.#conversations.invocation(id, origin, threadId) ??
      adoptRun(this.#telemetry, this.#conversations, this.#read, run, observation);
    if (this.#adopted === undefined) return;
    this.#handedOn.delete(key);
    sightings.result(run, time, this.#adopted);
  }
}
