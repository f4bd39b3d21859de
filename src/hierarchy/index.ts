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
import { ConversationTracker } from './tracker.ts';

export class Hierarchy {
  readonly tracker: ConversationTracker;
  readonly completions: Completions;
  readonly responses: Responses;
  /** By the names that `selectApi` returns. */
  readonly apis: ReadonlyMap<string, ConversationApi>;
  #claimed: Shelf<symbol> | undefined;

  constructor(telemetry: Telemetry) {
    const tracker = new ConversationTracker(telemetry);
    this.tracker = tracker;
    this.completions = new Completions(tracker);
    this.responses = new Responses(tracker);
    this.apis = new Map<string, ConversationApi>([
      ['completions', this.completions],
      ['polls', new Polls(tracker)],
      ['responses', this.responses],
      ...Object.entries(DIALECTS).map(([name, dialect]) => [name, new Engine(tracker, dialect)] as const),
    ]);
  }

  openSocket(socket: OpenedSocket, endpoint: ClientEndpoint): SocketObservation {
    const { tracker } = this;
    this.#claimed ??= tracker.store.shelf();
    // What the endpoint answers over HTTP does not show who answers on the socket.
    const ofSocket = { ...endpoint, servesOpenAI: false };
    return new SessionSocket({ tracker, claimed: this.#claimed, socket, endpoint: ofSocket });
  }
}
