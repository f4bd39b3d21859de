import { type Attributes, type Context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Call, CallObservation, CallObserver, ToolRun } from './client/call.ts';
import { endpointOf } from './client/provider.ts';
import { matchRoute } from './client/routes.ts';
import { type OpenAIInstrumentationConfig, resolveSettings, type Settings } from './config.ts';
import { Assistants } from './conversations/assistants/index.ts';
import { Conversations } from './conversations/conversations.ts';
import type { ConversationApi, OpenSpan, Placement } from './conversations/placement.ts';
import { Responses } from './conversations/responses/index.ts';
import { warnOnce } from './guard.ts';
import { CallHooks } from './hooks.ts';
import { type ApiRequest, operationOf } from './operations/index.ts';
import { stringField } from './payload.ts';
import { CallSpan, type CallSpanStart } from './telemetry/call-span.ts';
import { OtherInferences } from './telemetry/inference-above.ts';
import { beforeProviderEnds, type ProviderListener } from './telemetry/provider-life.ts';
import { Telemetry } from './telemetry/telemetry.ts';
import { runTool } from './telemetry/tool-run.ts';

export interface ObserverHooks {
  /** Called once, before the first call is made. */
  readonly beforeFirstCall?: () => void;
}

/**
 * What is done with every call: finds out what it means and where it belongs, and has it recorded. One
 * observer stands for one set of settings.
 */
export class Observer implements CallObserver, ProviderListener {
  readonly telemetry: Telemetry;
  readonly #conversations: Conversations;
  readonly #assistants: Assistants;
  readonly #responses: Responses;
  readonly #others = new OtherInferences();
  /** Calls that are under way, so that no span stays open when tracing is shut down. */
  readonly #open = new Set<Call>();
  readonly #problems: string[] = [];
  #beforeFirstCall: (() => void) | undefined;
  #provider: object | undefined;
  #stopListening: () => void = () => undefined;

  constructor(config: OpenAIInstrumentationConfig = {}, hooks: ObserverHooks = {}) {
    this.#beforeFirstCall = hooks.beforeFirstCall;
    this.telemetry = new Telemetry(resolveSettings(config, (problem) => this.#problems.push(problem)));
    this.#conversations = new Conversations(this.telemetry);
    this.#assistants = new Assistants(this.telemetry, this.#conversations);
    this.#responses = new Responses(this.telemetry, this.#conversations);
  }

  /** New settings, for calls made from now on. */
  configure(config: OpenAIInstrumentationConfig): void {
    this.telemetry.settings = resolveSettings(config, (problem) => this.#problems.push(problem));
  }

  get settings(): Settings {
    return this.telemetry.settings;
  }

  /** Says what is wrong with the settings, once there is somebody to hear it: a logger is set up after options are. */
  reportProblems(): void {
    if (this.#problems.length === 0) return;
    for (const problem of this.#problems.splice(0)) warnOnce(problem, problem);
  }

  prepare(): void {
    const beforeFirstCall = this.#beforeFirstCall;
    this.#beforeFirstCall = undefined;
    beforeFirstCall?.();
    this.reportProblems();
    this.#listenToProvider();
  }

  start(call: Call): CallObservation | undefined {
    const { route, values } = matchRoute(call.method, call.path);
    const request: ApiRequest = {
      method: call.method,
      route,
      values,
      body: call.body,
      query: call.query,
      streamed: call.streamed,
      deployment: stringField(call.client, 'deploymentName'),
    };
    const observation = this.#observe(call, request);
    if (observation === undefined) return undefined;
    this.#open.add(call);
    return new OpenCall(observation, this.#open);
  }

  runTool(tool: ToolRun): unknown {
    return runTool(this.telemetry, tool);
  }

  async flush(): Promise<void> {
    await this.#conversations.flush();
  }

  async shutdown(): Promise<void> {
    this.#interruptCalls();
    await this.#conversations.shutdown();
  }

  /** Ends all that is under way, and lets go of the provider. */
  dispose(): void {
    this.#interruptCalls();
    this.#conversations.endAll();
    this.#stopListening();
    this.#provider = undefined;
  }

  #observe(call: Call, request: ApiRequest): CallObservation | undefined {
    const hooks = CallHooks.of(this.settings, call, request);
    if (hooks?.ignored) return undefined;
    const endpoint = endpointOf(call.client);
    const api = this.#apiOf(request);
    const startAttributes = (): Attributes => hooks?.startAttributes ?? {};
    const folded = api?.observe(call, request, endpoint, { startAttributes });
    if (folded !== undefined) return hooks?.around(folded) ?? folded;
    const placement = api?.place(call, request, endpoint) ?? { parent: call.context };
    const operation = operationOf(request.route.operation);
    if (operation.name === undefined && !this.#wantsApiSpan(request)) return unrecorded(placement);
    const above = this.#others.above(call.context, request.route.operation);
    const start: CallSpanStart = { operation, request, endpoint, above, ...placement };
    if (hooks === undefined) return new CallSpan(this.telemetry, call, start);
    const span = new CallSpan(this.telemetry, call, hooks.addTo(start));
    hooks.requested(trace.getSpan(span.context));
    return span;
  }

  /** The part of the hierarchy that knows the call's API, if it is one with conversations. */
  #apiOf(request: ApiRequest): ConversationApi | undefined {
    if (Assistants.covers(request)) return this.#assistants;
    return Responses.covers(request) ? this.#responses : undefined;
  }

  #wantsApiSpan({ method }: ApiRequest): boolean {
    const { apiSpans } = this.settings;
    return apiSpans === 'all' || (apiSpans === 'writes' && method !== 'GET');
  }

  #interruptCalls(): void {
    for (const call of [...this.#open]) call.close('interrupted');
  }

  /** The provider may be registered, or replaced, long after the instrumentation was made. */
  #listenToProvider(): void {
    const { provider } = this.telemetry;
    if (provider === this.#provider) return;
    this.#stopListening();
    this.#provider = provider;
    this.#stopListening = beforeProviderEnds(provider, this);
  }
}

/** The observation of a call that is among those under way until it settles. */
class OpenCall implements CallObservation {
  readonly context: Context;
  readonly #observation: CallObservation;
  readonly #open: Set<Call>;

  constructor(observation: CallObservation, open: Set<Call>) {
    this.context = observation.context;
    this.#observation = observation;
    this.#open = open;
  }

  chunk(value: unknown, time: number): void {
    this.#observation.chunk?.(value, time);
  }

  settle(call: Call): void {
    this.#open.delete(call);
    this.#observation.settle(call);
  }
}

const NO_SPAN: OpenSpan = { context: ROOT_CONTEXT, finish: () => undefined };

/** A call that gets no span still tells the hierarchy what it came to. */
function unrecorded({ parent, settled }: Placement): CallObservation {
  return { context: parent, settle: (call) => void settled?.(call, call.value, NO_SPAN) };
}
