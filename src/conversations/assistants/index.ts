import type { Attributes } from '@opentelemetry/api';
import type { Call, CallObservation } from '../../client/call.ts';
import type { Endpoint } from '../../client/provider.ts';
import type { ApiRequest } from '../../operations/index.ts';
import { field, stringField } from '../../payload.ts';
import { ATTR_OPENAI_API_TYPE } from '../../semconv/attributes.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Conversations } from '../conversations.ts';
import type { Invocation } from '../invocation.ts';
import type { ConversationApi, ObserveOptions, Placement } from '../placement.ts';
import { activeSpan, type Segment } from '../segment.ts';
import { derivesTraceIds } from '../trace-id.ts';
import { adoptRun } from './adoption.ts';
import { type AssistantsCall, parameterOf, useOf } from './assistants-call.ts';
import { readAskedMessages, readMessageContent } from './content.ts';
import { RunCreation, RunRequest } from './run-calls.ts';
import { startRun } from './run-start.ts';
import { Sightings } from './sightings.ts';

const API_TYPE: Attributes = { [ATTR_OPENAI_API_TYPE]: 'assistants' };

/** Threads, runs and run steps of the Assistants API as conversations, invocations and steps. */
export class Assistants implements ConversationApi {
  readonly #telemetry: Telemetry;
  readonly #conversations: Conversations;

  constructor(telemetry: Telemetry, conversations: Conversations) {
    this.#telemetry = telemetry;
    this.#conversations = conversations;
  }

  static covers({ route }: ApiRequest): boolean {
    return route.template.startsWith('/threads') || route.template.startsWith('/assistants');
  }

  /** The run that the call creates or is part of; `undefined` where the call has a span of its own. */
  observe(
    call: Call,
    request: ApiRequest,
    endpoint: Endpoint,
    { startAttributes }: ObserveOptions,
  ): CallObservation | undefined {
    const { operation, folds } = request.route;
    if (folds !== 'run') return undefined;
    const read = this.#read(call, request, endpoint);
    if (operation === 'run' || operation === 'thread_run') {
      const invocation = startRun(this.#telemetry, this.#conversations, read, startAttributes);
      return new RunCreation(call, invocation, this.#conversations, read.sightings);
    }
    return this.#foldIntoRun(read);
  }

  /** Where a call with a span of its own stands, and what its result tells. */
  place(call: Call, request: ApiRequest, endpoint: Endpoint): Placement {
    const read = this.#read(call, request, endpoint);
    const { route } = request;
    if (route.template.startsWith('/assistants')) {
      return { parent: call.context, attributes: API_TYPE, settled: (ended) => this.#sight(read, ended) };
    }
    const segment = this.#segmentOf(read);
    const bounded = activeSpan(call.context) !== undefined || segment === undefined;
    segment?.requestStarted();
    const created = route.template === '/threads' ? readAskedMessages(request.body, this.#content) : [];
    return {
      parent: bounded ? call.context : segment.contextIn(call.context),
      attributes: API_TYPE,
      links: read.runId === undefined || route.folds !== 'run' ? [] : this.#conversations.linksTo(read.runId),
      ...(route.folds === 'run' ? { chunk: this.#chunksOf(read) } : {}),
      settled: (ended) => {
        if (route.folds === 'run' && ended.outcome === 'value')
          this.#adopt(read, ended.value, ended.endTime, ended.headers);
        this.#sight(read, ended);
        segment?.requestEnded(ended.endTime);
        if (route.template === '/threads') this.#threadCreated(read, segment, created, ended);
        else if (ended.outcome === 'value') this.#threadChanged(read, ended.value);
      },
    };
  }

  get #content(): boolean {
    return this.#telemetry.wantsContent;
  }

  #read(call: Call, request: ApiRequest, endpoint: Endpoint): AssistantsCall {
    return {
      call,
      request,
      context: call.context,
      endpoint,
      sightings: new Sightings(this.#telemetry, this.#conversations, call.client, call.assistantsVersion),
      threadId: parameterOf(request, 'thread_id'),
      runId: parameterOf(request, 'run_id'),
      query: call.query,
    };
  }

  /** Only within the run's own trace, and while it is under way; elsewhere the request has a span, with a link. */
  #foldIntoRun({ call, request, context, runId, sightings }: AssistantsCall): CallObservation | undefined {
    const invocation = runId === undefined ? undefined : this.#conversations.invocation(runId);
    if (invocation === undefined || invocation.ended !== undefined) return undefined;
    const active = activeSpan(context)?.spanContext().traceId;
    if (active !== undefined && active !== invocation.spanContext.traceId) return undefined;
    return new RunRequest(call, request, invocation, this.#conversations, sightings);
  }

  #adopt(read: AssistantsCall, value: unknown, time: number, headers: unknown): Invocation | undefined {
    const invocation = adoptRun(this.#telemetry, this.#conversations, read, value, { time, headers });
    if (invocation !== undefined) read.sightings.result(value, time, invocation);
    return invocation;
  }

  /** The stream of a run that this process does not draw: its events count once it is adopted. */
  #chunksOf(read: AssistantsCall): (event: unknown, time: number) => void {
    let adopted: Invocation | undefined;
    return (event, time) => {
      if (adopted === undefined) adopted = this.#adopt(read, field(event, 'data'), time, read.call.headers);
      else read.sightings.event(event, time, adopted);
    };
  }

  /** Without an active span every use opens a segment; below one, only what changes something does. */
  #segmentOf(read: AssistantsCall): Segment | undefined {
    const use = useOf(read, read.threadId);
    const active = activeSpan(read.context) !== undefined;
    // A trace id that follows from the thread's id has to wait for it.
    if (read.threadId === undefined && (active || derivesTraceIds())) return undefined;
    if (!active) return this.#conversations.open(use);
    return read.call.method === 'GET' ? this.#conversations.find(use) : this.#conversations.open(use);
  }

  #sight({ sightings, query }: AssistantsCall, call: Call): void {
    if (call.outcome !== 'value') return;
    if (field(call.value, 'object') === 'list') sightings.list(call.value, call.endTime, query);
    else sightings.result(call.value, call.endTime);
  }

  /** @param provisional the segment that was opened for a thread whose id was not known */
  #threadCreated(
    read: AssistantsCall,
    provisional: Segment | undefined,
    messages: ReturnType<typeof readAskedMessages>,
    call: Call,
  ): void {
    const id = call.outcome === 'value' ? stringField(call.value, 'id') : undefined;
    if (id === undefined) {
      provisional?.end(call.endTime);
      return;
    }
    const conversation = this.#conversations.conversation('thread', id);
    if (provisional === undefined) this.#conversations.open(useOf(read, id))?.touch(call.endTime);
    else provisional.identify(conversation);
    for (const message of messages) conversation.asked(message);
  }

  #threadChanged({ call, request, threadId }: AssistantsCall, value: unknown): void {
    if (threadId === undefined) return;
    const { template } = request.route;
    if (template === '/threads/{thread_id}' && call.method === 'DELETE')
      this.#conversations.endConversation('thread', threadId);
    if (
      template === '/threads/{thread_id}/messages' &&
      call.method === 'POST' &&
      field(value, 'role') === 'user'
    )
      this.#conversations
        .conversation('thread', threadId)
        .asked(this.#content ? readMessageContent(value) : undefined);
  }
}
