import type { Attributes } from '@opentelemetry/api';
import { type ApiRequest, createRun, createThreadAndRun, operationOf } from '../../operations/index.ts';
import type { Call, CallObservation } from '../../sdk/call.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import { ATTR_OPENAI_API_TYPE } from '../../semconv/attributes.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { BoundedMap } from '../../util/lru-map.ts';
import { field, objectField, stringField } from '../../util/payload.ts';
import {
  type ConversationApi,
  type ObserveOptions,
  type OpenSpan,
  type Placement,
  segmentOf,
} from '../api.ts';
import type { Invocation } from '../invocation.ts';
import { creatorIn } from '../remote-creator.ts';
import { activeSpan, isInTrace, type Segment } from '../segment.ts';
import type { ConversationTracker } from '../tracker.ts';
import { keyAt } from '../whereabouts.ts';
import { type AssistantsCall, parameterOf, threadUse } from './assistants-call.ts';
import { readAskedMessages, readThreadMessageContent } from './content.ts';
import { ObservedRuns } from './observed-objects.ts';
import { RunCreation, RunRequest } from './run-requests.ts';
import { startRun } from './run-start.ts';
import { type RunHandedOn, UnownedRun } from './unowned-run.ts';

const ASSISTANTS_API_TYPE: Attributes = { [ATTR_OPENAI_API_TYPE]: 'assistants' };
const CREATES_THREAD: ReadonlySet<string> = new Set(['/threads', '/threads/runs']);
const RUN_STEPS_FIELD = '/threads/{thread_id}/runs/{run_id}/steps';
const MAX_HANDED_ON = 1_000;

type Asked = ReturnType<typeof readAskedMessages>;

/** Threads, runs and run steps of the Assistants API as conversations, invocations and steps. */
export class Assistants implements ConversationApi {
  readonly #telemetry: Telemetry;
  readonly #conversations: ConversationTracker;
  /** Runs that this process created and handed on. */
  readonly #handedOn: BoundedMap<string, RunHandedOn>;

  constructor(telemetry: Telemetry, conversations: ConversationTracker) {
    this.#telemetry = telemetry;
    this.#conversations = conversations;
    this.#handedOn = conversations.remember(MAX_HANDED_ON);
  }

  /** Observes a call that creates or belongs to a run; `undefined` if the call has its own span. */
  observe(
    call: Call,
    request: ApiRequest,
    endpoint: Endpoint,
    { startAttributes }: ObserveOptions,
  ): CallObservation | undefined {
    if (request.route.folds !== 'run') return undefined;
    const read = this.#read(call, request, endpoint);
    if (createsRun(request)) {
      if (this.#handsOn(request)) return undefined;
      const invocation = startRun(this.#telemetry, this.#conversations, read, startAttributes);
      return new RunCreation(call, invocation, this.#conversations, read.sightings);
    }
    const invocation = this.#underWay(read);
    // In other traces, requests about a run have spans with a link.
    if (invocation === undefined || !isInTrace(call.context, invocation.spanContext.traceId))
      return undefined;
    return new RunRequest(read, invocation, this.#conversations);
  }

  /** Places a call that has its own span, and takes its result. */
  place(call: Call, request: ApiRequest, endpoint: Endpoint): Placement {
    const read = this.#read(call, request, endpoint);
    const { route } = request;
    if (route.template.startsWith('/assistants')) {
      return {
        parent: call.context,
        attributes: ASSISTANTS_API_TYPE,
        settled: (ended) => this.#sight(read, ended),
      };
    }
    const segment = this.#segmentOf(read);
    const bounded = activeSpan(call.context) !== undefined || segment === undefined;
    segment?.requestStarted();
    const asked = this.#messagesIn(request);
    const drawn = this.#underWay(read);
    const run = this.#runOf(read, drawn);
    const listed = this.#stepsListed(read);
    return {
      parent: bounded ? call.context : segment.contextIn(call.context),
      attributes: ASSISTANTS_API_TYPE,
      links:
        read.runId === undefined || run === undefined
          ? []
          : this.#conversations.linksTo(read.runId, endpoint.origin),
      ...(run === undefined ? {} : { chunk: (event, time) => run.chunk(event, time) }),
      settled: (ended, _, span) => {
        if (CREATES_THREAD.has(route.template)) this.#threadCreated(read, segment, asked, ended);
        else if (ended.outcome === 'value') this.#threadChanged(read, asked, ended.value);
        if (this.#handsOn(request) && ended.outcome === 'value') this.#handOn(read, ended.value, span);
        run?.settled(ended, span);
        if (drawn === undefined) this.#sight(read, ended);
        if (listed !== undefined) this.#listed(listed);
        segment?.requestEnded(ended.endTime);
        // An adopted run has opened a segment meanwhile.
        if (segment === undefined && run !== undefined)
          this.#conversations.find(threadUse(read, read.threadId));
      },
    };
  }

  /** The user messages in a request. */
  #messagesIn({ route, body }: ApiRequest): Asked {
    const { template } = route;
    const operation = operationOf(route);
    if (template === '/threads') return readAskedMessages(body, this.#wantsContent());
    if (operation === createThreadAndRun)
      return readAskedMessages(objectField(body, 'thread'), this.#wantsContent());
    return operation === createRun ? readAskedMessages(body, this.#wantsContent()) : [];
  }

  #wantsContent(): boolean {
    return this.#telemetry.wantsContent;
  }

  #read(call: Call, request: ApiRequest, endpoint: Endpoint): AssistantsCall {
    const threadId = parameterOf(request, 'thread_id');
    const at = { origin: endpoint.origin, conversationId: threadId };
    return {
      call,
      request,
      context: call.context,
      endpoint,
      sightings: new ObservedRuns(this.#telemetry, this.#conversations, call, at),
      threadId,
      runId: parameterOf(request, 'run_id'),
      query: call.query,
    };
  }

  /** The open run of this process that a request drives or polls. */
  #underWay(read: AssistantsCall): Invocation | undefined {
    const { request, runId, endpoint, threadId } = read;
    if (request.route.folds !== 'run' || runId === undefined) return undefined;
    const invocation = this.#conversations.invocation(runId, endpoint.origin, threadId);
    return invocation?.ended === undefined ? invocation : undefined;
  }

  /**
   * The run whose steps the program is listing, so that no background read is needed. Only a program that has done so
   * before is waited for: another one may delete the thread, and the steps with it, as soon as the run has ended.
   */
  #stepsListed(read: AssistantsCall): Invocation | undefined {
    const { request, runId = '', endpoint, threadId } = read;
    if (request.route.template !== RUN_STEPS_FIELD) return undefined;
    const invocation = this.#conversations.invocation(runId, endpoint.origin, threadId);
    if (invocation === undefined) return undefined;
    if (invocation.finished !== undefined) this.#conversations.leaveReading();
    invocation.calls++;
    return invocation;
  }

  #listed(invocation: Invocation): void {
    invocation.calls--;
    this.#conversations.settle(invocation);
  }

  /** Handles a request about a run that has its own span. */
  #runOf(read: AssistantsCall, drawn: Invocation | undefined): RunRequest | UnownedRun | undefined {
    if (drawn !== undefined) return new RunRequest(read, drawn, this.#conversations);
    // The request that hands a run on does not adopt it; another process does, or a later request.
    if (read.request.route.folds !== 'run' || createsRun(read.request)) return undefined;
    return new UnownedRun(this.#telemetry, this.#conversations, read, this.#handedOn);
  }

  /** Whether the request creates a run for another process: then the request has its own span. */
  #handsOn(request: ApiRequest): boolean {
    return createsRun(request) && !request.streamed && this.#telemetry.settings.propagateInMetadata;
  }

  #handOn({ call, threadId, endpoint }: AssistantsCall, run: unknown, span: OpenSpan): void {
    const id = stringField(run, 'id');
    const thread = threadId ?? stringField(run, 'thread_id');
    if (id === undefined || thread === undefined) return;
    const asked = this.#conversations.conversation('thread', thread, endpoint.origin).takeUnanswered();
    this.#handedOn.set(keyAt(endpoint.origin, id), {
      startTime: call.startTime,
      creator: creatorIn(span.context),
      asked,
    });
    this.#conversations.watch();
  }

  /** Requests about a run that this process does not record count as reads. */
  #segmentOf(read: AssistantsCall): Segment | undefined {
    const { call, request } = read;
    const looks = call.method === 'GET' || (request.route.folds === 'run' && !createsRun(request));
    return segmentOf(this.#conversations, threadUse(read, read.threadId), looks);
  }

  #sight({ sightings, query }: AssistantsCall, call: Call): void {
    if (call.outcome !== 'value') return;
    if (field(call.value, 'object') === 'list') sightings.list(call.value, call.endTime, query);
    else sightings.result(call.value, call.endTime);
  }

  /** @param provisional the segment that was opened before the thread had an id */
  #threadCreated(read: AssistantsCall, provisional: Segment | undefined, messages: Asked, call: Call): void {
    const key = read.request.route.template === '/threads' ? 'id' : 'thread_id';
    const id = call.outcome === 'value' ? stringField(call.value, key) : undefined;
    if (id === undefined) {
      provisional?.end(call.endTime);
      return;
    }
    const conversation = this.#conversations.conversation('thread', id, read.endpoint.origin);
    if (provisional === undefined) this.#conversations.open(threadUse(read, id))?.touch(call.endTime);
    else provisional.identify(conversation);
    for (const message of messages) conversation.asked(message);
  }

  #threadChanged({ call, request, threadId, endpoint }: AssistantsCall, asked: Asked, value: unknown): void {
    if (threadId === undefined) return;
    const { template } = request.route;
    for (const message of asked)
      this.#conversations.conversation('thread', threadId, endpoint.origin).asked(message);
    if (template === '/threads/{thread_id}' && call.method === 'DELETE')
      this.#conversations.endConversation('thread', threadId, endpoint.origin);
    if (
      template === '/threads/{thread_id}/messages' &&
      call.method === 'POST' &&
      field(value, 'role') === 'user'
    )
      this.#conversations
        .conversation('thread', threadId, endpoint.origin)
        .asked(this.#wantsContent() ? readThreadMessageContent(value) : undefined);
  }
}

function createsRun({ route }: ApiRequest): boolean {
  return operationOf(route).traits?.invokesAgent === true;
}
