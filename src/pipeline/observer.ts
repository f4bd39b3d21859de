import { type Context, trace } from '@opentelemetry/api';
import type { OpenAIInstrumentationConfig, Settings } from '../config/config.ts';
import { logFindings, notice } from '../diagnostics/report.ts';
import type { PlaceOptions } from '../hierarchy/conversation-api.ts';
import { conversationIn } from '../hierarchy/conversations/conversation-id.ts';
import { Hierarchy } from '../hierarchy/index.ts';
import { selectApi } from '../hierarchy/select-api.ts';
import { type ApiRequest, operationOf } from '../operations/index.ts';
import { programTool, subjectOf, webhook, workflow } from '../operations/program.ts';
import {
  type CallObservation,
  type CallObserver,
  openCalls,
  type ReadonlyCall,
  type RequestChanges,
} from '../sdk/call.ts';
import type { ToolRun } from '../sdk/helper-observer.ts';
import {
  deploymentForRoute,
  type Endpoint,
  endpointOfClient,
  endpointOfUrl,
  SENDS_USAGE_UNASKED,
} from '../sdk/provider.ts';
import { matchRoute } from '../sdk/routes/index.ts';
import type { OpenedSocket, SocketObservation } from '../sdk/sockets/socket.ts';
import { priceListOf } from '../telemetry/cost/costs.ts';
import type { Operation, OperationKind } from '../telemetry/operation.ts';
import { readThrown } from '../telemetry/outcomes/failure.ts';
import { OuterSpans } from '../telemetry/outer-span.ts';
import { placeAttributes } from '../telemetry/place-attributes.ts';
import { PlacedCall, UnrecordedCall } from '../telemetry/placed-call.ts';
import type { Placement } from '../telemetry/placement.ts';
import {
  type EndLimits,
  listenTo,
  type ProviderListener,
  stopListening,
} from '../telemetry/program-end/provider-life.ts';
import { hooksSettled, isInsideHook } from '../telemetry/program-hooks.ts';
import { type LocalPlace, type ProgramResult, startOperation } from '../telemetry/program-operation.ts';
import { type Providers, Telemetry } from '../telemetry/telemetry.ts';
import { isSuppressed } from '../util/context.ts';
import { guard } from '../util/guard.ts';
import { type Outcome, type OutcomeListener, watchOutcome } from '../util/watch-result.ts';
import { agentsCalls } from './agents-calls.ts';
import { CallHooks } from './call-hooks.ts';
import { noticeProvider } from './missing-provider.ts';
import { noticeUnknownVariables, readSettings } from './settings.ts';

const NO_OPTIONS: PlaceOptions = {};
const NO_CHANGES: RequestChanges = {};

/** Records every call with one set of settings. */
export class Observer implements CallObserver, ProviderListener {
  readonly telemetry: Telemetry;
  /** Whether it was set up for every client of the process, not by passing a class. */
  isOfProcess = false;
  readonly #outerSpans = new OuterSpans();
  /** Created when it is first needed. In the built package, its code is loaded then, too. */
  #hierarchy: Hierarchy | undefined;
  #beforeFirstCall: (() => unknown) | undefined;
  /** The current providers, once this observer listens to them. */
  #tracers: object | undefined;
  #meters: object | undefined;
  #loggers: object | undefined;
  #ending: Promise<void> | undefined;
  /** Whether the program has set a hook, which must see every call. */
  #isHooked: boolean;

  /** @param beforeFirstCall called once, before the first call is made. If it returns `false`, no call is observed */
  constructor(config: OpenAIInstrumentationConfig = {}, beforeFirstCall?: () => unknown) {
    this.#beforeFirstCall = beforeFirstCall;
    this.telemetry = new Telemetry(readSettings(config), this);
    this.#isHooked = CallHooks.wants(this.settings);
    noticeUnknownVariables();
    this.telemetry.own.metrics.providerChanged = (provider) => listenTo(provider, this);
  }

  configure(config: OpenAIInstrumentationConfig): void {
    this.telemetry.settings = readSettings(config);
    this.#isHooked = CallHooks.wants(this.settings);
    noticeUnknownVariables();
  }

  get settings(): Settings {
    return this.telemetry.settings;
  }

  prepare(): boolean {
    const beforeFirstCall = this.#beforeFirstCall;
    this.#beforeFirstCall = undefined;
    if (beforeFirstCall?.() === false) this.telemetry.isDisabled = true;
    if (this.telemetry.isDisabled) return false;
    const { providers } = this.telemetry;
    const { provider, metrics, events } = providers;
    const isReceived = this.telemetry.isReceivedBy(provider, providers) || this.#isHooked;
    if (provider !== this.#tracers || events.provider !== this.#loggers || metrics.provider !== this.#meters)
      this.#listen(providers, isReceived);
    return isReceived;
  }

  /**
   * Listens to all providers. When one shuts down, spans end, which adds metrics and events to the others.
   */
  #listen({ provider, metrics, events, otherProviders }: Providers, isReceived: boolean): void {
    logFindings();
    this.#tracers = provider;
    this.#loggers = events.provider;
    this.#meters = metrics.provider;
    for (const each of [provider, ...otherProviders]) listenTo(each, this);
    guard('checking the setup', noticeProvider, provider, isReceived);
  }

  start(call: ReadonlyCall): CallObservation | undefined {
    // After `dispose`, the client's methods are restored, so the end of the call would go unnoticed.
    if (this.telemetry.isDisabled) return undefined;
    const { settings } = this.telemetry;
    // Until the first call has ended.
    if (this.ended !== undefined) priceListOf(settings)?.prepare();
    const { route, values } = matchRoute(call.method, call.path);
    const endpoint = call.path.startsWith('/')
      ? endpointOfClient(call.client, settings.providers)
      : endpointOfUrl(call.path, call.client, settings.providers);
    const request: ApiRequest = {
      method: call.method,
      route,
      values,
      body: call.body,
      query: call.query,
      sdkMetadata: call.sdkMetadata,
      streamed: call.streamed,
      deployment: endpoint.deployment === undefined ? undefined : deploymentForRoute(endpoint, route),
    };
    const operation = operationOf(route);
    const { traits } = operation;
    const includesUsage =
      settings.streamUsage === 'include' && !SENDS_USAGE_UNASKED.includes(endpoint.provider);
    const usage = includesUsage && call.streamed && traits?.reportsUsageOnRequest === true;
    return this.#observe(call, request, operation, endpoint, usage);
  }

  /**
   * Loads the code for failures at the end of the first call, and then removes itself. Later, a program whose
   * calls fail for lack of file descriptors could not load it.
   */
  ended: (() => void) | undefined = () => {
    this.ended = undefined;
    guard('preparing for failures', readThrown, undefined);
  };

  /** Results and errors of the tool pass through unchanged. */
  runTool(tool: ToolRun): unknown {
    if (this.telemetry.isDisabled) return tool.run();
    const { origin, provider } = endpointOfClient(tool.client, this.settings.providers);
    const request = { name: tool.name, description: tool.description, arguments: tool.arguments, provider };
    const started = startOperation(this.telemetry, programTool, request, (context) =>
      this.#hierarchy?.tracker.toolCalls.running(tool, origin, context),
    );
    return started === undefined ? tool.run() : watchOutcome(tool.run, started);
  }

  startLoop(): OutcomeListener | undefined {
    return this.telemetry.isDisabled ? undefined : this.#startInConversation(workflow, true);
  }

  #startInConversation(operation: OperationKind<undefined, ProgramResult>, isLoop: boolean) {
    return startOperation(this.telemetry, operation, undefined, (context, startTime) => {
      const conversationId = conversationIn(context);
      const attributes = placeAttributes({ kind: 'conversation', conversationId });
      return { parent: context, ...this.placeFunction(context, startTime, isLoop), attributes };
    });
  }

  placeFunction(context: Context, startTime: number, isLoop = false): LocalPlace | undefined {
    if (conversationIn(context) === undefined) return undefined;
    this.prepare();
    return this.#useHierarchy().completions.placeFunction(context, startTime, isLoop);
  }

  openSocket(socket: OpenedSocket): SocketObservation | undefined {
    if (this.telemetry.isDisabled || isSuppressed(socket.context)) return undefined;
    priceListOf(this.settings)?.prepare();
    return this.#useHierarchy().openSocket(socket, endpointOfClient(socket.client, this.settings.providers));
  }

  /** If the signature is invalid, the content is not read: anybody may have sent it. */
  startWebhook(client: object): Outcome | undefined {
    const started = this.telemetry.isDisabled ? undefined : this.#startInConversation(webhook, false);
    if (started === undefined) return undefined;
    return {
      succeed: (event) => {
        const creator = guard('finding what a webhook is about', () =>
          this.#hierarchy?.responses.known(
            subjectOf(event)?.id ?? '',
            endpointOfClient(client, this.settings.providers).origin,
          ),
        );
        if (creator !== undefined && !started.record.hasEnded) started.record.link(creator);
        started.succeed(event);
      },
      fail: (error) => started.fail(error),
    };
  }

  get isOpen(): boolean {
    return (
      openCalls(this).length > 0 ||
      this.telemetry.functions.size > 0 ||
      this.#hierarchy?.tracker.isOpen === true
    );
  }

  get otherProviders(): readonly object[] {
    return this.telemetry.providers.otherProviders;
  }

  async forceFlush(): Promise<void> {
    await this.#hierarchy?.tracker.forceFlush();
    await hooksSettled();
  }

  async endIdle(limits?: EndLimits): Promise<void> {
    for (const call of openCalls(this)) call.apply('idle');
    await this.#hierarchy?.tracker.endIdle(limits);
  }

  /** Ends everything in progress, once for all providers that shut down together. */
  shutdown(limits?: EndLimits): Promise<void> {
    this.#ending ??= this.#end(limits).finally(() => {
      this.#ending = undefined;
    });
    return this.#ending;
  }

  async #end(limits: EndLimits | undefined): Promise<void> {
    this.#interruptCalls();
    await this.#hierarchy?.tracker.shutdown(limits);
    this.telemetry.endFunctions();
    await hooksSettled();
  }

  /** Ends everything in progress at once, without any request to the API. */
  endAll(): void {
    this.#interruptCalls();
    this.#hierarchy?.tracker.endAll();
    this.telemetry.endFunctions();
  }

  enable(): void {
    this.telemetry.isDisabled = false;
  }

  dispose(): void {
    this.telemetry.isDisabled = true;
    this.endAll();
    this.#hierarchy = undefined;
    stopListening(this);
    this.#tracers = this.#meters = this.#loggers = undefined;
  }

  #observe(
    call: ReadonlyCall,
    request: ApiRequest,
    operation: Operation,
    endpoint: Endpoint,
    usage: boolean,
  ): CallObservation | undefined {
    const { settings } = this.telemetry;
    const { apiSpans } = settings;
    const isHooked = this.#isHooked && !isInsideHook(call.context);
    const hooks = isHooked ? new CallHooks(settings, call, request) : undefined;
    if (hooks?.ignored) {
      agentsCalls.ignored?.(call.context);
      return undefined;
    }
    const isModelCall = operation.name !== undefined || operation.usage !== undefined;
    const hasSpan = isModelCall || apiSpans === 'all' || (apiSpans === 'writes' && call.method !== 'GET');
    const api = selectApi(call, request, operation, hasSpan, this.#hierarchy?.tracker.toolCalls);
    const known = api === undefined ? undefined : this.#useHierarchy().apis.get(api);
    const placed: Placement = known?.place(call, request, endpoint, hooks ?? NO_OPTIONS) ?? {
      parent: call.context,
    };
    const { mark } = placed;
    const changes: RequestChanges = usage || mark !== undefined ? { usage, mark } : NO_CHANGES;
    if (placed.foldInto !== undefined) {
      if (placed.opens) hooks?.requested(trace.getSpan(placed.parent));
      return new UnrecordedCall(hooks?.around(placed) ?? placed, changes);
    }
    const { context = call.context } = placed;
    const place = agentsCalls.place?.(context, placed, operation, request) ?? placed;
    if (!hasSpan) return new UnrecordedCall(place, changes);
    const outer = this.#outerSpans.above(context, operation.traits?.inference);
    if (outer !== undefined) notice('other_instrumentation', outer.scope ?? 'Another instrumentation');
    const recorded = new PlacedCall(this.telemetry, {
      operation,
      request,
      route: request.route,
      endpoint,
      startTime: call.startTime,
      outer,
      place: hooks?.around(place) ?? place,
      changes,
    });
    hooks?.requested(trace.getSpan(recorded.context));
    return recorded;
  }

  #useHierarchy(): Hierarchy {
    this.#hierarchy ??= new Hierarchy(this.telemetry);
    return this.#hierarchy;
  }

  #interruptCalls(): void {
    for (const call of openCalls(this)) call.apply('interrupted');
  }
}
