import type { ClientEndpoint } from '../sdk/provider.ts';
import type { OpenedSocket, SocketObservation } from '../sdk/sockets/socket.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { ConversationApi } from './conversation-api.ts';
import { DIALECTS } from './dialects/index.ts';
import { Engine } from './engine.ts';
import { Completions } from './model-calls.ts';
import { Polls } from './polls.ts';
import { SessionSocket } from './realtime/index.ts';
import { Responses } from './responses-api.ts';
import type { Shelf } from './store.ts';
import { ToolCalls } from './tool-calls/tool-calls.ts';
import { ConversationTracker } from './tracker.ts';

export class Hierarchy {
  readonly tracker: ConversationTracker;
  readonly toolCalls: ToolCalls;
  readonly completions: Completions;
  readonly responses: Responses;
  /** By the names that `selectApi` returns. */
  readonly apis: ReadonlyMap<string, ConversationApi>;
  #claimed: Shelf<symbol> | undefined;

  constructor(telemetry: Telemetry) {
    const tracker = new ConversationTracker(telemetry);
    const toolCalls = new ToolCalls(tracker);
    this.tracker = tracker;
    this.toolCalls = toolCalls;
    this.completions = new Completions(tracker, toolCalls);
    this.responses = new Responses(tracker, toolCalls);
    const apis = new Map<string, ConversationApi>([
      ['completions', this.completions],
      ['polls', new Polls(tracker)],
      ['responses', this.responses],
    ]);
    for (const [name, dialect] of Object.entries(DIALECTS)) apis.set(name, new Engine(tracker, dialect));
    this.apis = apis;
  }

  openSocket(socket: OpenedSocket, endpoint: ClientEndpoint): SocketObservation {
    const { tracker, toolCalls } = this;
    this.#claimed ??= tracker.store.shelf();
    const claims = { claimed: this.#claimed, claimant: Symbol() };
    return new SessionSocket({ tracker, toolCalls, ...claims, socket, endpoint });
  }
}
