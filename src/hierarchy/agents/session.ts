import type { Attributes } from '@opentelemetry/api';
import type { Endpoint } from '../../sdk/provider.ts';
import type { Failure } from '../../telemetry/error.ts';
import type { CallerTrace } from '../../telemetry/metadata.ts';
import { MAX_REPEATED } from '../../util/payload.ts';
import type { Invocation } from '../invocation.ts';
import type { Agent, InvocationContent } from '../model.ts';

const MAX_EVENTS = 200;
const MAX_ASKS = 20;

/** The agent of a session, with what its turns do not contain. */
export interface SessionAgent {
  readonly agent: Agent;
  readonly parameters: Attributes;
  readonly content: InvocationContent | undefined;
}

/** When the request for a turn was answered. Earlier lists cannot contain the turn. */
export interface Acceptance {
  acceptedAt: number | undefined;
  /** The earliest creation of the turn, on the server's clock, if known. */
  notBefore: number | undefined;
}

/** A requested turn whose id is unknown yet. */
export interface WaitingTurn extends Acceptance {
  readonly invocation: Invocation;
}

/** A message sent during a turn: it may change that turn or start another. */
export interface Ask extends Acceptance {
  readonly caller: CallerTrace;
  readonly endpoint: Endpoint;
  readonly startTime: number;
}

export interface SubagentState {
  name: string | undefined;
  /** The agent that created it: the session's, or another subagent. */
  parentAgentId: string | undefined;
  /** Its task, if content is recorded, until its first turn takes it. */
  instructions: readonly unknown[];
  /** Its open turn. */
  turn: Invocation | undefined;
}

/** An event about an item whose turn is unknown yet. */
export interface EarlyItem {
  readonly turnId: string;
  readonly item: unknown;
  readonly time: number;
  readonly done: boolean;
}

/** The state of a session that other conversations do not have. */
export class Session {
  readonly id: string;
  agent: SessionAgent | undefined;
  /** Turns that this process requested, oldest first. */
  readonly waiting: WaitingTurn[] = [];
  readonly asks: Set<Ask> = new Set();
  /** The open turns of the session's own agent that this process records. */
  readonly turns: Set<Invocation> = new Set();
  readonly early: EarlyItem[] = [];
  /** The failure that the session reported. */
  failure: Failure | undefined;
  readonly #subagents = new Map<string, SubagentState>();
  readonly #events = new Set<string>();
  #environmentEvents = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** The current turn, if this process records it. */
  get underWay(): Invocation | undefined {
    const turn = [...this.turns].findLast(({ finished }) => finished === undefined);
    return turn ?? this.waiting.findLast(({ invocation }) => invocation.finished === undefined)?.invocation;
  }

  get hasOpenTurns(): boolean {
    return this.turns.size + this.waiting.length > 0;
  }

  subagent(id: string): SubagentState {
    const known = this.#subagents.get(id);
    if (known !== undefined) return known;
    const made = { name: undefined, parentAgentId: undefined, instructions: [], turn: undefined };
    if (this.#subagents.size < MAX_REPEATED) this.#subagents.set(id, made);
    return made;
  }

  /** The turn that a subagent works for: that of its creator, or else the session's. */
  turnAbove(subagent: SubagentState): Invocation | undefined {
    const parent = this.#subagents.get(subagent.parentAgentId ?? '')?.turn;
    return parent ?? [...this.turns].findLast(({ closed }) => !closed);
  }

  asked(ask: Ask): void {
    this.asks.add(ask);
    const [oldest] = this.asks;
    if (this.asks.size > MAX_ASKS && oldest !== undefined) this.asks.delete(oldest);
  }

  get hasRoomForEarly(): boolean {
    return this.waiting.length > 0 && this.early.length < MAX_REPEATED;
  }

  takeEarly(turnId: string): EarlyItem[] {
    const taken = this.early.filter((item) => item.turnId === turnId);
    const others = this.early.filter((item) => item.turnId !== turnId);
    this.early.splice(0, this.early.length, ...(this.waiting.length > 0 ? others : []));
    return taken;
  }

  /** Whether an event is new: several streams of a session repeat the same events. */
  isNew(eventId: string | undefined): boolean {
    if (eventId === undefined) return true;
    if (this.#events.has(eventId)) return false;
    this.#events.add(eventId);
    const [oldest] = this.#events;
    if (this.#events.size > MAX_EVENTS && oldest !== undefined) this.#events.delete(oldest);
    return true;
  }

  /** Whether what became of the environment is one more event on the session's span. */
  hasRoomForEvent(): boolean {
    return ++this.#environmentEvents <= MAX_REPEATED;
  }

  /** Forgets a closed invocation. */
  forget(invocation: Invocation): void {
    this.turns.delete(invocation);
    const index = this.waiting.findIndex((waiting) => waiting.invocation === invocation);
    if (index >= 0) this.waiting.splice(index, 1);
    for (const subagent of this.#subagents.values())
      if (subagent.turn === invocation) subagent.turn = undefined;
    if (!this.hasOpenTurns) this.early.length = 0;
  }
}
