import type { Context, SpanContext } from '@opentelemetry/api';
import type { ToolRun } from '../sdk/call.ts';
import type { ClientEndpoint } from '../sdk/provider.ts';
import type { OpenedSocket, SocketObservation } from '../sdk/sockets/socket.ts';
import type { EndLimits, ProviderListener } from '../telemetry/program-end/provider-life.ts';
import type { LocalPlace } from '../telemetry/program-operation.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { ConversationApi } from './api.ts';
import { DIALECTS } from './dialects/index.ts';
import { Engine } from './engine.ts';
import { Polls } from './invocations/polls.ts';
import { Completions } from './model-calls.ts';
import { Realtime } from './realtime/index.ts';
import { Responses } from './responses.ts';
import type { HierarchyApi } from './select-api.ts';
import { ToolCalls } from './tool-calls/tool-calls.ts';
import { ConversationTracker } from './tracker.ts';

/** Tracks everything that lasts longer than one API call, such as conversations and runs, for one set of settings. */
export class Hierarchy implements ProviderListener {
  readonly completions: Completions;
  readonly #apis: ReadonlyMap<string, ConversationApi>;
  readonly #tracker: ConversationTracker;
  readonly #responses: Responses;
  readonly #toolCalls: ToolCalls;
  #realtime: Realtime | undefined;

  constructor(telemetry: Telemetry) {
    const tracker = new ConversationTracker(telemetry);
    this.#tracker = tracker;
    const toolCalls = new ToolCalls(tracker);
    this.#toolCalls = toolCalls;
    this.#responses = new Responses(tracker, toolCalls);
    this.completions = new Completions(tracker, toolCalls);
    const apis = new Map<string, ConversationApi>([
      ['completions', this.completions],
      ['polls', new Polls(tracker)],
      ['responses', this.#responses],
    ]);
    for (const [name, dialect] of Object.entries(DIALECTS)) apis.set(name, new Engine(tracker, dialect));
    this.#apis = apis;
  }

  api(name: HierarchyApi): ConversationApi | undefined {
    return this.#apis.get(name);
  }

  /** Starts to observe a session that runs over a socket. */
  openSocket(socket: OpenedSocket, endpoint: ClientEndpoint): SocketObservation {
    this.#realtime ??= new Realtime(this.#tracker, this.#toolCalls);
    return this.#realtime.open(socket, endpoint);
  }

  /** The span context of a response that this process created. */
  knownResponse(id: string, origin: string): SpanContext | undefined {
    return this.#responses.known(id, origin);
  }

  /** Whether the model has requested tool calls that the program has not answered yet. */
  get awaitsToolCalls(): boolean {
    return this.#toolCalls.areAwaited;
  }

  /** Where to record a function that the program runs for a tool call; `undefined` if no pending call matches. */
  running(tool: ToolRun, origin: string, context: Context): LocalPlace | undefined {
    return this.#toolCalls.running(tool, origin, context);
  }

  /** Whether a conversation, an invocation or a session over a socket is still open. */
  get isOpen(): boolean {
    return this.#tracker.isOpen;
  }

  flush(): Promise<void> {
    return this.#tracker.flush();
  }

  endIdle(limits?: EndLimits): Promise<void> {
    return this.#tracker.endIdle(limits);
  }

  shutdown(limits?: EndLimits): Promise<void> {
    return this.#tracker.shutdown(limits);
  }

  endAll(): void {
    this.#tracker.endAll();
  }
}
