import type { MessagePart } from '../../config/completion-types.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import type { Failure } from '../../telemetry/error.ts';
import type { CallerTrace } from '../../telemetry/metadata.ts';
import { MAX_REPEATED } from '../../util/payload.ts';
import type { AgentSettings } from '../dialect.ts';
import type { AgentInvocation } from '../invocations/agent-invocation.ts';
import type { Life } from '../invocations/life.ts';
import type { InvocationSnapshot } from '../model.ts';
import type { OperationClock } from '../operation-clock.ts';

/** Whether it was created during the other, as far as the server's seconds tell. */
export function isWithin(
  createdAt: number | undefined,
  other: Pick<InvocationSnapshot, 'createdAt' | 'endedAt'> | undefined,
): boolean {
  if (createdAt === undefined) return true;
  const { createdAt: begin = createdAt, endedAt: end = createdAt } = other ?? {};
  return createdAt >= begin && createdAt <= end;
}

const MAX_EVENTS = 200;
const MAX_QUEUED = 20;

/** When the request for an invocation was answered. Earlier lists cannot contain it. */
export interface Acceptance {
  acceptedAt: number | undefined;
  /** The earliest creation, on the server's clock, if known. */
  notBefore: number | undefined;
}

/** A requested invocation whose id is unknown yet. */
export interface WaitingInvocation extends Acceptance {
  readonly invocation: AgentInvocation;
}

/** A message sent during an invocation: it may change that one or start another. */
export interface QueuedMessage extends Acceptance {
  readonly caller: CallerTrace;
  readonly endpoint: Endpoint;
  readonly startTime: number;
  /** Of its request. */
  readonly ownClock: number;
  /** Of that invocation. */
  readonly life: Life;
  readonly clock: OperationClock;
}

export interface SubagentState {
  name: string | undefined;
  /** The agent that created it: the conversation's, or another subagent. */
  parentAgentId: string | undefined;
  /** Its task, if content is recorded, until its first turn takes it. */
  instructions: readonly MessagePart[];
  /** Its open invocation. */
  invocation: AgentInvocation | undefined;
}

/** A detail of an invocation that has not been reported yet. */
export interface EarlyFact {
  readonly invocationId: string;
  readonly value: unknown;
  readonly time: number;
  /** Of the stream that brought it. */
  readonly ownClock: number | undefined;
  readonly done: boolean;
}

/**
 * What is known of a conversation whose invocations have no id at first, such as a session: those that were requested and
 * are not identified yet, and what has come early for them.
 */
export class ConversationState {
  readonly id: string;
  /** The agent of the conversation, which its invocations do not repeat. */
  agent: AgentSettings | undefined;
  /** Whether its metadata says that the process which created it records it. Unknown until the conversation is seen. */
  hasRecordingCreator: boolean | undefined;
  /** What this process requested, oldest first. */
  readonly waiting: WaitingInvocation[] = [];
  readonly queued: Set<QueuedMessage> = new Set();
  /** The open invocations of its own agent that this process records. */
  readonly invocations: Set<AgentInvocation> = new Set();
  readonly early: EarlyFact[] = [];
  /** The failure that it has reported. */
  failure: Failure | undefined;
  readonly #subagents = new Map<string, SubagentState>();
  readonly #events = new Set<string>();
  #environmentEvents = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** The current invocation, if this process records it. */
  get underWay(): AgentInvocation | undefined {
    const open = [...this.invocations].findLast(({ life }) => life.overSince === undefined);
    return (
      open ?? this.waiting.findLast(({ invocation }) => invocation.life.overSince === undefined)?.invocation
    );
  }

  get hasOpenInvocations(): boolean {
    return this.invocations.size + this.waiting.length > 0;
  }

  subagent(id: string): SubagentState {
    const known = this.#subagents.get(id);
    if (known !== undefined) return known;
    const made = { name: undefined, parentAgentId: undefined, instructions: [], invocation: undefined };
    if (this.#subagents.size < MAX_REPEATED) this.#subagents.set(id, made);
    return made;
  }

  /** The invocation that one of a subagent is part of: that of its creator, or else the newest during which it was created. */
  above(subagent: SubagentState, { createdAt }: InvocationSnapshot): AgentInvocation | undefined {
    const parent = this.#subagents.get(subagent.parentAgentId ?? '')?.invocation;
    return parent ?? [...this.invocations].findLast(({ snapshot }) => isWithin(createdAt, snapshot));
  }

  queue(message: QueuedMessage): void {
    this.queued.add(message);
    const [oldest] = this.queued;
    if (this.queued.size > MAX_QUEUED && oldest !== undefined) this.queued.delete(oldest);
  }

  get hasRoomForEarly(): boolean {
    return this.waiting.length > 0 && this.early.length < MAX_REPEATED;
  }

  takeEarly(id: string): EarlyFact[] {
    const taken = this.early.filter((fact) => fact.invocationId === id);
    const others = this.early.filter((fact) => fact.invocationId !== id);
    this.early.splice(0, this.early.length, ...(this.waiting.length > 0 ? others : []));
    return taken;
  }

  /** Whether an event is new: several streams of a conversation repeat the same events. */
  isNew(eventId: string | undefined): boolean {
    if (eventId === undefined) return true;
    if (this.#events.has(eventId)) return false;
    this.#events.add(eventId);
    const [oldest] = this.#events;
    if (this.#events.size > MAX_EVENTS && oldest !== undefined) this.#events.delete(oldest);
    return true;
  }

  /** Whether what became of the environment is one more event on the span. */
  hasRoomForEvent(): boolean {
    return ++this.#environmentEvents <= MAX_REPEATED;
  }

  /** Forgets a closed invocation. */
  forget(invocation: AgentInvocation): void {
    this.invocations.delete(invocation);
    const index = this.waiting.findIndex((waiting) => waiting.invocation === invocation);
    if (index >= 0) this.waiting.splice(index, 1);
    for (const subagent of this.#subagents.values())
      if (subagent.invocation === invocation) subagent.invocation = undefined;
    if (!this.hasOpenInvocations) this.early.length = 0;
  }
}
