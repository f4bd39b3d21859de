import type { LiveSession } from './live-session.ts';
import type { ScriptedUsage } from './script.ts';
import { hostedItem } from './session-items.ts';
import { type Item, type RequiredAction, type Subagent, type Turn, tokenUsageOf } from './session-objects.ts';
import { DEFAULT_ITEM, type FunctionScript, type ItemScript, type TurnScript } from './session-script.ts';

/** Where a poll, or a wait for the program, stops. */
export type Moment = 'stage' | 'input needed';

const USAGE: ScriptedUsage = { prompt: 100, completion: 20 };

/** A turn and its life, which reports the session's events as it goes. */
export class LiveTurn {
  readonly session: LiveSession;
  readonly object: Turn;
  readonly script: TurnScript;
  readonly items: Item[] = [];

  constructor(session: LiveSession, object: Turn, script: TurnScript) {
    this.session = session;
    this.object = object;
    this.script = script;
  }

  /** @param below a subagent's turn: its end is not the session's */
  *play(below = false): Generator<Moment, void> {
    const { session, object } = this;
    this.#tell('created');
    if (!below) session.become('in_progress');
    object.status = 'in_progress';
    object.started_at = session.world.clock.now();
    this.#tell('in_progress');
    yield 'stage';
    for (const script of this.script.items ?? [DEFAULT_ITEM]) {
      yield* this.#playItem(script);
      yield 'stage';
    }
    if (this.script.sessionFails === true) session.fail(this.script.error);
    else this.end(this.script.end ?? 'completed', below);
  }

  end(status: 'completed' | 'failed' | 'cancelled', below = false): void {
    const { object, session, script } = this;
    const { usage = USAGE } = script;
    object.status = status;
    object.completed_at = session.world.clock.now();
    if (usage !== null) object.usage = tokenUsageOf(usage);
    const error = { code: 'server_error', message: 'The model said x is wrong.', ...script.error };
    if (status === 'failed') object.error = error as Turn['error'];
    if (status === 'failed' && !below)
      session.tell('error', { error: { ...error, type: 'server_error', param: null } });
    session.tell(`agent.session.turn.${status}`, { turn: object, turn_id: object.id, usage: object.usage });
    if (usage === null) object.usage = tokenUsageOf(USAGE);
    if (!below) session.become('idle');
  }

  *#playItem(script: ItemScript): Generator<Moment, void> {
    if ('message' in script) this.#say(script.message, script.phase ?? 'final_answer');
    else if ('reasoning' in script) this.#reason(script.reasoning);
    else if ('functions' in script) yield* this.#callFunctions(script.functions);
    else if ('approval' in script) yield* this.#askForApproval(script.approval.reason);
    else if ('subagent' in script) yield* this.#delegate(script.subagent);
    else if ('environment' in script) this.session.changeEnvironment(script.environment, script.errorCode);
    else {
      const { added, done } = hostedItem(script);
      this.#finish(this.#add(added), done);
    }
  }

  #say(text: string, phase: string): void {
    const item = this.#add({ type: 'message', role: 'assistant', content: [], phase, status: 'in_progress' });
    const place = { item_id: item.id, turn_id: this.object.id, output_index: 0, content_index: 0 };
    for (const delta of [text.slice(0, 3), text.slice(3)])
      this.session.tell('agent.session.turn.output_text.delta', { ...place, delta });
    this.session.tell('agent.session.turn.output_text.done', { ...place, text });
    this.#finish(item, { content: [{ type: 'output_text', text }], status: 'completed' });
  }

  #reason(text: string): void {
    const item = this.#add({ type: 'reasoning', summary: [], status: 'in_progress' });
    this.#finish(item, { summary: [{ type: 'summary_text', text }], status: 'completed' });
  }

  *#callFunctions(functions: readonly FunctionScript[]): Generator<Moment, void> {
    const calls = functions.map(({ name, arguments: given }) =>
      this.#add({
        type: 'function_call',
        call_id: this.session.world.identifiers.next('call_'),
        name,
        arguments: JSON.stringify(given),
        status: 'in_progress',
      }),
    );
    const actions = calls.map((item) => ({ ...item, type: 'function_call', id: undefined }));
    yield* this.#require(actions as unknown as RequiredAction[]);
    for (const call of calls) {
      const result = this.session.results.get(String(call.call_id));
      const status = result?.success === false ? 'failed' : 'completed';
      const { output = null, error = null } = result ?? {};
      this.#add({ type: 'function_call_output', call_id: call.call_id, output, error, status });
      this.#finish(call, { status: 'completed' });
    }
  }

  *#askForApproval(reason: string): Generator<Moment, void> {
    const request_id = this.session.world.identifiers.next('approval_');
    const request = { type: 'browser_origin_access', origin: 'https://example.com', reason };
    const action = { type: 'computer_use_approval_request', request, request_id, turn_id: this.object.id };
    yield* this.#require([action as RequiredAction]);
  }

  *#require(actions: RequiredAction[]): Generator<Moment, void> {
    this.object.status = 'waiting';
    this.session.object.required_actions = actions;
    this.session.become('requires_action');
    yield 'input needed';
    this.object.status = 'in_progress';
    this.session.become('in_progress');
  }

  *#delegate(
    script: Extract<ItemScript, { readonly subagent: unknown }>['subagent'],
  ): Generator<Moment, void> {
    const { session } = this;
    const content = [{ type: 'output_text', text: script.task }];
    const sender = this.object.agent_id;
    const create = this.#add({
      type: 'create_subagent_call',
      agent_id: sender,
      content,
      model: null,
      status: 'in_progress',
    });
    const subagent: Subagent = {
      id: session.world.identifiers.next('subagent_'),
      object: 'agent.session.subagent',
      closed_at: null,
      instructions: content as Subagent['instructions'],
      name: script.name,
      opened_at: session.world.clock.now(),
      parent_agent_id: sender,
      session_id: session.object.id,
      status: 'active',
    };
    session.subagents.push(subagent);
    session.tell('agent.session.subagent.created', { subagent });
    this.#finish(create, { status: 'completed' });
    const wait = this.#add({
      type: 'wait_for_subagents_call',
      recipient_agent_ids: [subagent.id],
      sender_agent_id: sender,
      status: 'in_progress',
    });
    yield* session.newTurn({ ...script }, subagent.id).play(true);
    this.#finish(wait, { status: 'completed' });
    const close = { type: 'close_subagent_call', recipient_agent_id: subagent.id, sender_agent_id: sender };
    this.#finish(this.#add({ ...close, status: 'in_progress' }), { status: 'completed' });
    subagent.status = 'closed';
    session.tell('agent.session.subagent.closed', { subagent });
  }

  #add(fields: Omit<Item, 'id' | 'turn_id'>): Item {
    const item = {
      id: this.session.world.identifiers.next('item_'),
      turn_id: this.object.id,
      ...fields,
    } as Item;
    this.items.push(item);
    this.session.tell('agent.session.turn.item.added', { item, output_index: 0, turn_id: this.object.id });
    return item;
  }

  #finish(item: Item, fields: Readonly<Record<string, unknown>>): void {
    Object.assign(item, fields);
    this.session.tell('agent.session.turn.item.done', { item, output_index: 0, turn_id: this.object.id });
  }

  #tell(moment: string): void {
    this.session.tell(`agent.session.turn.${moment}`, { turn: this.object, turn_id: this.object.id });
  }
}
