import {
  ATTR_ERROR_TYPE,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_TOOL_CALL_ID,
  ATTR_GEN_AI_TOOL_NAME,
  ATTR_OPENAI_ENVIRONMENT_ID,
  ATTR_OPENAI_ENVIRONMENT_RESET_COUNT,
  ATTR_OPENAI_ENVIRONMENT_STATUS,
  ATTR_OPENAI_ENVIRONMENT_TYPE,
  ATTR_OPENAI_REQUIRED_ACTION_TYPE,
  ATTR_OPENAI_TURN_ID,
} from '../../semconv/attributes.ts';
import { EVENT_OPENAI_RUN_REQUIRES_ACTION, EVENT_OPENAI_SESSION_ENVIRONMENT } from '../../semconv/events.ts';
import { errorTypeOf, readError } from '../../telemetry/error.ts';
import { textLimits } from '../../telemetry/kept-text.ts';
import { Keeper, keptNames } from '../../telemetry/kept-values.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import {
  arrayField,
  asArray,
  field,
  MAX_REPEATED,
  numberField,
  objectField,
  stringField,
} from '../../util/payload.ts';
import type { Invocation } from '../invocation.ts';
import type { ConversationTracker } from '../tracker.ts';
import { readAgentContent } from './content.ts';
import { readAgent, readAgentParameters, readRequiredActions, readTurn, withAgent } from './objects.ts';
import { seeItem } from './observed-items.ts';
import { readTurnDetails } from './read-details.ts';
import type { EarlyItem, Session, SubagentState } from './session.ts';
import type { TurnObservation, Turns } from './turns.ts';

/** Passes the objects of the Agents API to the hierarchy. */
export class ObservedSessions {
  readonly turns: Turns;
  readonly #telemetry: Telemetry;
  readonly #conversations: ConversationTracker;
  readonly #client: object;

  constructor(telemetry: Telemetry, conversations: ConversationTracker, turns: Turns, client: object) {
    this.turns = turns;
    this.#telemetry = telemetry;
    this.#conversations = conversations;
    this.#client = client;
  }

  #wantsContent(): boolean {
    return this.#telemetry.wantsContent;
  }

  /** Takes the result of a call: one object, or a list in the order of creation. */
  result(value: unknown, observation: TurnObservation, query: unknown): void {
    if (field(value, 'object') !== 'list') {
      this.object(value, observation);
      return;
    }
    const listed = arrayField(value, 'data').slice(0, MAX_REPEATED);
    // By default, the API lists the newest first.
    const inOrder = stringField(query, 'order') === 'asc' ? listed : listed.reverse();
    for (const item of inOrder) {
      // A list contains sessions that this process does not use.
      if (field(item, 'object') === 'agent.session' && !this.turns.known(stringField(item, 'id'))) continue;
      this.object(item, observation);
    }
  }

  object(value: unknown, observation: TurnObservation): void {
    const kind = stringField(value, 'object');
    if (kind === 'agent.session') this.session(value, observation);
    else if (kind === 'agent.session.turn') this.turn(value, observation);
    else if (kind === 'agent.session.subagent') this.subagent(value);
    else if (kind === 'agent') this.#agent(value);
    else if (kind === undefined) this.item(value, undefined, observation, true);
  }

  /** @param event the event that contains the turn */
  turn(value: unknown, observation: TurnObservation, event?: unknown): Invocation | undefined {
    const reading = readTurn(value, event);
    const invocation = reading === undefined ? undefined : this.turns.find(reading, observation);
    if (reading === undefined || invocation === undefined) return undefined;
    const session = this.turns.session(reading.sessionId);
    const own = reading.subagentId === undefined;
    const snapshot = own ? withAgent(reading.snapshot, session.agent) : reading.snapshot;
    for (const early of session.takeEarly(snapshot.id))
      seeItem(invocation, early.item, { content: this.#wantsContent(), time: early.time, done: early.done });
    this.#conversations.see(invocation, snapshot, {
      live: observation.live,
      time: observation.time,
      details: (ended) => this.#readDetails(ended),
    });
    return invocation;
  }

  #readDetails(invocation: Invocation, sessionId?: string): Promise<void> {
    return readTurnDetails(invocation, this.#client, (object, seen) => this.object(object, seen), sessionId);
  }

  /** @param done whether the event reports the item as done */
  item(value: unknown, turnId: string | undefined, observation: TurnObservation, done: boolean): void {
    const id = stringField(value, 'turn_id') ?? turnId;
    const invocation = this.turns.turn(id);
    if (invocation === undefined) return;
    const time = observation.live ? observation.time : undefined;
    seeItem(invocation, value, { content: this.#wantsContent(), time, done });
  }

  /** An item of a turn that nobody has told yet. */
  keepEarly(sessionId: string | undefined, early: EarlyItem): void {
    const session = this.turns.known(sessionId);
    if (session?.hasRoomForEarly === true) session.early.push({ ...early, item: this.#kept(early.item) });
  }

  /** As much of what a stream tells as is recorded of it. */
  #kept(told: unknown): unknown {
    return this.#wantsContent()
      ? new Keeper(textLimits(this.#telemetry.settings)).keep(told)
      : keptNames(told);
  }

  /** Takes the state of a session. */
  session(value: unknown, observation: TurnObservation): Session | undefined {
    const id = stringField(value, 'id');
    if (id === undefined) return undefined;
    const session = this.turns.session(id);
    this.#introduce(session, value);
    const status = stringField(value, 'status');
    if (status === 'failed') this.#failed(session, field(value, 'error'), observation);
    else if (status === 'idle') this.#idle(session, observation);
    else if (status !== undefined) this.#underWay(session, value, observation);
    return session;
  }

  subagent(value: unknown): void {
    const session = this.turns.known(stringField(value, 'session_id'));
    const id = stringField(value, 'id');
    if (session === undefined || id === undefined || !session.hasOpenTurns) return;
    const subagent: SubagentState = session.subagent(id);
    const first = subagent.parentAgentId === undefined;
    subagent.name = stringField(value, 'name') ?? subagent.name;
    subagent.parentAgentId = stringField(value, 'parent_agent_id') ?? subagent.parentAgentId;
    if (first && this.#wantsContent())
      subagent.instructions = asArray(this.#kept(arrayField(value, 'instructions').slice(0, MAX_REPEATED)));
    const { turn, name } = subagent;
    if (turn !== undefined && name !== undefined)
      turn.introduce({ id: turn.place.agentId ?? id, name, model: undefined }, {});
  }

  /** Records an event of the session's environment on its span. */
  environment(event: unknown, sessionId: string, time: number): void {
    const state = objectField(event, 'environment');
    const resetCount = numberField(event, 'reset_count');
    const status = stringField(state, 'status') ?? (resetCount === undefined ? undefined : 'reset');
    const segments = this.turns.conversation(sessionId).segments.values();
    const segment = [...segments].at(-1);
    if (status === undefined || segment === undefined) return;
    const attributes = {
      [ATTR_OPENAI_ENVIRONMENT_ID]: stringField(state, 'id') ?? stringField(event, 'environment_id'),
      [ATTR_OPENAI_ENVIRONMENT_STATUS]: status,
      [ATTR_OPENAI_ENVIRONMENT_TYPE]: stringField(state, 'type'),
      [ATTR_OPENAI_ENVIRONMENT_RESET_COUNT]: resetCount,
      [ATTR_OPENAI_TURN_ID]: stringField(event, 'turn_id'),
      [ATTR_ERROR_TYPE]:
        status === 'failed' ? errorTypeOf(field(state, 'error'), 'environment_failed') : undefined,
    };
    if (!this.turns.session(sessionId).hasRoomForEvent()) return;
    segment.span.addEvent(EVENT_OPENAI_SESSION_ENVIRONMENT, attributes, time);
    segment.touch(time);
  }

  #agent(value: unknown): void {
    const agent = readAgent(value);
    if (agent !== undefined) this.#conversations.agents.set(agent.id, agent);
  }

  /** Takes the agent of the session, which may exist only there. */
  #introduce(session: Session, value: unknown): void {
    const described = objectField(value, 'agent');
    const agent = readAgent(described);
    if (agent === undefined) return;
    const known = session.agent !== undefined;
    session.agent = {
      agent,
      parameters: readAgentParameters(described),
      content: this.#wantsContent() ? readAgentContent(described) : undefined,
    };
    if (known) return;
    const model = agent.model === undefined ? {} : { [ATTR_GEN_AI_REQUEST_MODEL]: agent.model };
    for (const { invocation } of session.waiting)
      invocation.introduce(agent, { ...session.agent.parameters, ...model });
  }

  /** An idle session ends only turns that were requested before; a stream begins with the previous state. */
  #idle(session: Session, { time, live, askedAt }: TurnObservation): void {
    for (const turn of session.turns) this.#over(turn, time);
    if (live) return;
    for (const { invocation } of [...session.waiting]) {
      const { acceptedAt } = invocation;
      if (acceptedAt === undefined || acceptedAt > askedAt) continue;
      invocation.details ??= (over) => this.#readDetails(over, session.id);
      this.#over(invocation, time);
    }
  }

  #over(invocation: Invocation, time: number): void {
    invocation.seeOver(time);
    this.#conversations.settle(invocation);
  }

  #failed(session: Session, error: unknown, { time }: TurnObservation): void {
    const failure = session.failure ?? readError(error, 'failed');
    session.failure = undefined;
    for (const invocation of [...session.turns]) {
      invocation.end(time, failure);
      this.#conversations.settle(invocation);
    }
  }

  #underWay(session: Session, value: unknown, { time }: TurnObservation): void {
    for (const invocation of session.turns) invocation.seeUnderWay();
    for (const { invocation } of session.waiting) invocation.seeUnderWay();
    for (const { type, id, turnId, call } of readRequiredActions(value, { content: this.#wantsContent() })) {
      const invocation = this.turns.turn(turnId, session.id) ?? session.underWay;
      if (invocation === undefined || invocation.finished !== undefined) continue;
      invocation.wait(call === undefined ? [] : [call], time);
      // Every poll repeats it.
      if (!session.isNew(`${type} ${id}`)) continue;
      invocation.span.addEvent(
        EVENT_OPENAI_RUN_REQUIRES_ACTION,
        {
          [ATTR_OPENAI_REQUIRED_ACTION_TYPE]: type,
          [ATTR_GEN_AI_TOOL_NAME]: call?.name,
          [ATTR_GEN_AI_TOOL_CALL_ID]: call?.id,
        },
        time,
      );
    }
  }
}
