import type { Context, Span } from '@opentelemetry/api';
import type { Call, CallObservation } from '../../sdk/call.ts';
import type { Route } from '../../sdk/routes/index.ts';
import { ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK } from '../../semconv/attributes.ts';
import type { Invocation } from '../invocation.ts';
import {
  abandon,
  addAttempts,
  addCreation,
  addRequestEvent,
  answerToolCalls,
} from '../invocation-requests.ts';
import type { ConversationTracker } from '../tracker.ts';
import type { AssistantsCall } from './assistants-call.ts';
import { readToolOutputs } from './content.ts';
import type { ObservedRuns } from './observed-objects.ts';

/** Observes the call that creates a run. The run starts with the call and outlives it. */
export class RunCreation implements CallObservation {
  readonly context: Context;
  readonly #invocation: Invocation;
  readonly #conversations: ConversationTracker;
  readonly #sightings: ObservedRuns;
  readonly #startTime: number;
  #sawText = false;

  constructor(
    call: Call,
    invocation: Invocation,
    conversations: ConversationTracker,
    sightings: ObservedRuns,
  ) {
    this.context = invocation.contextIn(call.context);
    this.#invocation = invocation;
    this.#conversations = conversations;
    invocation.calls++;
    this.#sightings = sightings;
    this.#startTime = call.startTime;
  }

  chunk(value: unknown, time: number): void {
    const text = this.#sightings.event(value, time, this.#invocation);
    if (!text || this.#sawText) return;
    this.#sawText = true;
    const seconds = (time - this.#startTime) / 1e3;
    this.#invocation.addAttributes({ [ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK]: seconds });
  }

  get span(): Span {
    return this.#invocation.span;
  }

  settle(call: Call): void {
    const invocation = this.#invocation;
    invocation.calls--;
    addCreation(invocation, call, this.context);
    if (call.outcome === 'value') this.#sightings.result(call.value, call.endTime, invocation);
    if (invocation.id === undefined) abandon(invocation, call);
    else invocation.touch(call.endTime);
    this.#conversations.settle(invocation);
  }
}

/**
 * Observes a request about an open run, such as a poll. In the run's trace it is folded into the run's span, elsewhere it
 * has its own; its result counts for the run in both cases.
 */
export class RunRequest implements CallObservation {
  readonly context: Context;
  readonly #invocation: Invocation;
  readonly #conversations: ConversationTracker;
  readonly #sightings: ObservedRuns;
  readonly #route: Route;
  #outputs: ReadonlyMap<string, unknown> | undefined;

  constructor(read: AssistantsCall, invocation: Invocation, conversations: ConversationTracker) {
    const { route, body } = read.request;
    this.context = invocation.contextIn(read.context);
    this.#invocation = invocation;
    this.#conversations = conversations;
    invocation.calls++;
    this.#sightings = read.sightings;
    this.#route = route;
    if (route.template.endsWith('/submit_tool_outputs')) this.#outputs = readToolOutputs(body);
  }

  chunk(value: unknown, time: number): void {
    this.#accept(time);
    this.#sightings.event(value, time, this.#invocation);
  }

  settle(call: Call): void {
    const invocation = this.#invocation;
    addAttempts(invocation, call, this.context);
    if (call.error === undefined && call.method === 'GET') invocation.pollCount++;
    else addRequestEvent(invocation, call, this.#route);
    this.settled(call);
  }

  /** Takes the result of the request. */
  settled(call: Call): void {
    const invocation = this.#invocation;
    invocation.calls--;
    if (call.error === undefined) this.#accept(call.startTime);
    if (call.outcome === 'value') this.#sightings.result(call.value, call.endTime, invocation);
    if (call.error === undefined) invocation.touch(call.endTime);
    this.#conversations.settle(invocation);
  }

  /** Called when the server has accepted the submitted outputs. */
  #accept(time: number): void {
    if (this.#outputs === undefined) return;
    answerToolCalls(this.#invocation, this.#outputs, time);
    this.#outputs = undefined;
  }
}
