import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Dialect } from './dialect.ts';
import type { HandedOn } from './invocations/adoption.ts';
import type { InvocationMatcher } from './invocations/match-invocations.ts';
import type { Shelf } from './store.ts';
import type { ConversationTracker } from './tracker.ts';

/** What the engine keeps for one API. */
export interface EngineState {
  readonly telemetry: Telemetry;
  readonly tracker: ConversationTracker;
  readonly dialect: Dialect;
  readonly matcher: InvocationMatcher;
  readonly handedOn: Shelf<HandedOn>;
  /** The reads of agents. */
  readonly agentReads: Shelf<Promise<void>>;
}
