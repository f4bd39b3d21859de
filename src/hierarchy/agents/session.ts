import type { Attributes } from '@opentelemetry/api';
import type { Endpoint } from '../../sdk/provider.ts';
import type { Failure } from '../../telemetry/error.ts';
import type { CallerTrace } from '../../telemetry/metadata.ts';
import { MAX_REPEATED } from '../../util/payload.ts';
import type { Invocation } from '../invocation.ts';
import type { Agent, InvocationContent } from '../model.ts';

const MOST_EVENTS = 200;
const MOST_ASKS = 20;

/** The agent of a session, with what its turns do not repeat. */
export interface SessionAgent {
  readonly agent: Agent;
  readonly parameters: Attributes;
  readonly content: InvocationContent | undefined;
}

/** When the request for a turn was answered: before, no list can have the turn. */
export interface Acceptance {
  acceptedAt: number | undefined;
  /** On the server's clock: the turn cannot have been created before that. `undefined` where it is not known. */
  notBefore: number | undefined;
}

/** A turn that was asked for, and whose id nobody has told yet. */
export interface WaitingTurn extends Acceptance {
  readonly invocation: Invocation;
}

/** A message that was sent while a turn was under way: it may change that turn, or lead to another. */
export interface Ask extends Acceptance {
  readonly caller: CallerTrace;
  readonly endpoint: Endpoint;
  readonly startTime: number;
}

export interface SubagentState {
  name: string | undefined;
  /** The agent that created it: the session's own, or another subagent. */
  parentAgentId: string | undefined;
  /** Its task, where content is recorded, until its first turn has taken it. */
  instructions: readonly unknown[];
  /** Its turn that is under way. */
  turn: Invocation | undefined;
}

/** An event about an item of a turn that is not known yet. */
export interface EarlyItem {
  readonly turnId: string;
  readonly item: unknown;
  readonly time: number;
  readonly done: boolean;
}

/** What this process knows of one session beyond what all conversations have in common. */
export class Session {
  readonly id: string;
  agent: SessionAgent | undefined;
  /** Asked for by this process, oldest first. */
  readonly waiting: WaitingTurn[] = [];
  readonly asks: Set<Ask> = new Set();
  /** Turns of the session's own agent that this process draws and that are not closed. */
  readonly turns: Set<Invocation> = new Set();
  readonly early: EarlyItem[] = [];
  /** Why the session said that it failed. */
  failure: Failure | undefined;
  readonly #subagents = new Map<string, SubagentState>();
  readonly #events = new Set<string>();
  #environmentEvents = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** The turn that is under way, as far as this process draws it. */
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

  /** The turn that a subagent works for: its creator's, else the session's own. */
  turnAbove(subagent: SubagentState): Invocation | undefined {
    const parent = this.#subagents.get(subagent.parentAgentId ?? '')?.turn;
    return parent ?? [...this.turns].findLast(({ closed }) => !closed);
  }

  asked(ask: Ask): void {
    this.asks.add(ask);
    const [oldest] = this.asks;
    if (this.asks.size > MOST_ASKS && oldest !== undefined) this.asks.delete(oldest);
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

  /** Whether an event is seen for the first time: several streams of one session bring the same ones. */
  isNew(eventId: string | undefined): boolean {
    if (eventId === undefined) return true;
    if (this.#events.has(eventId)) return false;
    this.#events.add(eventId);
    const [oldest] = this.#events;
    if (this.#events.size > MOST_EVENTS && oldest !== undefined) this.#events.delete(oldest);
    return true;
  }

  /** Whether what became of the environment is one more event on the session's span. */
  hasRoomForEvent(): boolean {
    return ++this.#environmentEvents <= MAX_REPEATED;
  }

  /** It is closed: nothing of it is kept. */
  forget(invocation: Invocation): void {
    this.turns.delete(invocation);
    const index = this.waiting.findIndex((waiting) => waiting.invocation === invocation);
    if (index >= 0) this.waiting.splice(index, 1);
    for (const subagent of this.#subagents.values())
      if (subagent.turn === invocation) subagent.turn = undefined;
    if (!this.hasOpenTurns) this.early.length = 0;
  }
}
