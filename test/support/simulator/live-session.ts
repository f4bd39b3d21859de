import type { LiveEvents } from './live-events.ts';
import { LiveTurn, type Moment } from './live-turn.ts';
import { RequestError } from './reply.ts';
import { type InputEvent, type Item, newTurn, type SessionObject, type Subagent } from './session-objects.ts';
import type { TurnScript } from './session-script.ts';
import type { World } from './world.ts';

type ToolResult = Extract<InputEvent, { type: 'agent.session.input.tool_result' }>;

/** A session: its turns and subagents, and who listens to its events. */
export class LiveSession {
  readonly world: World;
  readonly object: SessionObject;
  readonly turns: LiveTurn[] = [];
  readonly subagents: Subagent[] = [];
  readonly listeners: Set<LiveEvents> = new Set();
  /** Results of functions, by the ids of the calls. */
  readonly results: Map<string, ToolResult> = new Map();
  #life: Generator<Moment, void> | undefined;
  #needsInput = false;

  constructor(world: World, object: SessionObject) {
    this.world = world;
    this.object = object;
  }

  /** Takes what the program submits; the API accepts it before anything comes of it. */
  submit(events: readonly InputEvent[]): void {
    for (const event of events) {
      if (event.type === 'agent.session.input.message') this.start();
      else if (event.type === 'agent.session.input.cancel') this.#cancel();
      else if (event.type === 'agent.session.input.tool_result') this.#answer(event.call_id, event);
      else this.#answer(event.request_id);
    }
  }

  /** Begins a turn, which the next script describes. */
  start(): void {
    const turn = this.newTurn(this.world.turnScripts.shift() ?? {}, null);
    this.#life = turn.play();
    this.object.status = 'in_progress';
    this.#runWhileWatched();
  }

  newTurn(script: TurnScript, subagentId: string | null): LiveTurn {
    const { world } = this;
    const object = newTurn(world.identifiers.next('turn_'), world.clock.now(), this.object, subagentId);
    const turn = new LiveTurn(this, object, script);
    this.turns.push(turn);
    return turn;
  }

  listen(events: LiveEvents): void {
    this.listeners.add(events);
    this.#runWhileWatched();
  }

  /** One retrieve or list. */
  poll(): void {
    if (!this.#needsInput) this.#advance();
  }

  ownTurns(subagentId: string | null): LiveTurn[] {
    return this.turns.filter(({ object }) => object.subagent_id === subagentId);
  }

  itemsOf(subagentId: string | null): Item[] {
    return this.ownTurns(subagentId).flatMap(({ items }) => items);
  }

  become(status: SessionObject['status']): void {
    this.object.status = status;
    if (status !== 'requires_action') this.object.required_actions = [];
    this.tell(`agent.session.${status}`, { session: this.object });
    if (status !== 'idle' && status !== 'failed') return;
    for (const listener of this.listeners) if (listener.untilIdle) listener.end();
  }

  fail(error: TurnScript['error']): void {
    this.tell('error', { error: { code: 'server_error', ...error, type: 'server_error', param: null } });
    this.object.error = error?.message ?? 'It failed.';
    this.become('failed');
  }

  changeEnvironment(status: string, code: string | undefined): void {
    const error = code === undefined ? null : { code, message: 'No x there.', type: 'environment_error' };
    const reset = { environment_id: 'env_1', reset_count: 1 };
    const state = { environment: { id: 'env_1', type: 'openai_hosted', status, error } };
    this.tell(`agent.session.environment.${status}`, {
      turn_id: null,
      ...(status === 'reset' ? reset : state),
    });
  }

  tell(type: string, fields: Readonly<Record<string, unknown>>): void {
    const event_id = this.world.identifiers.next('event_');
    const event = {
      type,
      event_id,
      ...('session' in fields ? {} : { session_id: this.object.id }),
      ...fields,
    };
    for (const listener of this.listeners) {
      if (listener.ended) this.listeners.delete(listener);
      else listener.send(event);
    }
  }

  #answer(id: string, result?: ToolResult): void {
    const keyOf = (action: object): unknown =>
      Object.entries(action).find(([name]) => /^(call|request)_id$/.test(name))?.[1];
    const { required_actions } = this.object;
    const open = required_actions.filter((action) => keyOf(action) !== id);
    if (open.length === required_actions.length)
      throw new RequestError(400, `Unknown pending tool call: ${id}`, 'invalid_request_error');
    if (result !== undefined) this.results.set(id, result);
    this.object.required_actions = open;
    if (open.length > 0) return;
    this.#needsInput = false;
    this.#runWhileWatched();
  }

  #cancel(): void {
    this.#life = undefined;
    this.#needsInput = false;
    for (const turn of this.turns.toReversed())
      if (turn.object.completed_at === null) turn.end('cancelled', turn.object.subagent_id !== null);
  }

  #runWhileWatched(): void {
    while (this.listeners.size > 0 && this.#life !== undefined && !this.#needsInput) this.#advance();
  }

  #advance(): void {
    const next = this.#life?.next();
    if (next?.done === true) this.#life = undefined;
    this.#needsInput = next?.done === false && next.value === 'input needed';
  }
}
