import type { Telemetry } from '../telemetry/telemetry.ts';
import type { BoundedMap } from '../util/bounded-map.ts';
import type { Dialect } from './dialect.ts';
import type { HandedOn } from './invocations/adoption.ts';
import type { InvocationMatcher } from './invocations/match-invocations.ts';
import type { ConversationTracker } from './tracker.ts';

/** What the engine keeps for one API. */
export interface EngineState {
  readonly telemetry: Telemetry;
  readonly tracker: ConversationTracker;
  readonly dialect: Dialect;
  readonly matcher: InvocationMatcher;
  /** The agents that are being read, by origin and id. */
  readonly agentReads: Map<string, Promise<unknown>>;
  /** By origin and id. */
  readonly handedOn: BoundedMap<string, HandedOn>;
}
