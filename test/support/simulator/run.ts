import { type Message, type Run, type RunStep, sumOf } from './objects.ts';
import { RequestError, type ServerSentEvent } from './reply.ts';
import { DEFAULT_STEP, type RunEnd, type RunScript, type ScriptedUsage } from './script.ts';
import { interruptStep, playStep } from './step.ts';
import type { ThreadRecord, World } from './world.ts';

/** What a run's life consists of: events for a stream, and the places where a poll or a wait for outputs stops. */
export type Moment = ServerSentEvent | 'stage' | 'outputs needed';

export interface ToolOutput {
  readonly tool_call_id?: string;
  readonly output?: string;
}

const ACTIVE: ReadonlySet<string> = new Set(['queued', 'in_progress', 'requires_action', 'cancelling']);
const CANCELLABLE: ReadonlySet<string> = new Set(['queued', 'in_progress', 'requires_action']);

/**
 * A run and its life. The life is one sequence of moments, whoever watches it: a stream plays it at once and gets
 * every event, a poll plays it to the end of the next stage and gets the run as it then is.
 */
export class LiveRun {
  readonly world: World;
  readonly thread: ThreadRecord;
  readonly object: Run;
  readonly script: RunScript;
  readonly steps: RunStep[] = [];
  /** What the steps that have ended spent. */
  readonly spent: ScriptedUsage[] = [];
  /** What the step in progress will have spent. */
  spending: ScriptedUsage = { prompt: 0, completion: 0 };
  /** The message the latest message step writes. */
  answer: Message | undefined;
  /** Whether the creator asked for the content of file search results. */
  readonly withSearchContent: boolean;
  #life: Generator<Moment, void>;
  #polls = 0;

  constructor(
    world: World,
    thread: ThreadRecord,
    object: Run,
    script: RunScript,
    withSearchContent: boolean,
  ) {
    this.world = world;
    this.thread = thread;
    this.object = object;
    this.script = script;
    this.withSearchContent = withSearchContent;
    if (script.model !== undefined) object.model = script.model;
    this.#life = this.#play();
  }

  get active(): boolean {
    return ACTIVE.has(this.object.status);
  }

  get lastError(): { readonly code: string; readonly message: string } {
    return this.script.lastError ?? { code: 'server_error', message: 'Something went wrong on the server.' };
  }

  /** One retrieve. */
  poll(): void {
    if (this.object.status === 'requires_action') {
      if (!this.#expiresUnanswered) return;
    } else if (++this.#polls % (this.script.pollsPerStage ?? 1) !== 0) {
      return;
    }
    this.#playUntil((moment) => typeof moment === 'string');
  }

  /** The events from here to the end, or to where tool outputs are needed. */
  stream(): ServerSentEvent[] {
    return this.#playUntil((moment) => moment === 'outputs needed');
  }

  /** Takes the outputs of all functions; the run is queued again. The returned events say so. */
  submit(outputs: readonly ToolOutput[]): ServerSentEvent[] {
    if (this.object.status !== 'requires_action') {
      throw new RequestError(400, `Runs in status "${this.object.status}" do not accept tool outputs.`);
    }
    const expected = this.object.required_action?.submit_tool_outputs.tool_calls.map((call) => call.id) ?? [];
    const given = outputs.map((output) => output.tool_call_id ?? '');
    if ([...expected].sort().join() !== [...given].sort().join()) {
      const list = (ids: readonly string[]): string => `[${ids.map((id) => `'${id}'`).join(', ')}]`;
      throw new RequestError(400, `Expected tool outputs for call_ids ${list(expected)}, got ${list(given)}`);
    }
    this.#storeOutputs(outputs);
    this.object.required_action = null;
    this.object.status = 'queued';
    this.#polls = 0;
    return this.#playUntil((moment) => moment === 'stage');
  }

  /** Begins to cancel; the next poll finds the run cancelled. */
  cancel(): void {
    if (!CANCELLABLE.has(this.object.status)) {
      throw new RequestError(400, `Cannot cancel run with status '${this.object.status}'.`);
    }
    this.object.status = 'cancelling';
    this.object.required_action = null;
    this.#life = this.#end('cancelled');
  }

  /** An event with the object as it is now. */
  event(event: string, data: object): ServerSentEvent {
    const seen = 'step_details' in data ? presentStep(data as RunStep, this.withSearchContent) : data;
    return { event, data: structuredClone(seen) };
  }

  get #expiresUnanswered(): boolean {
    const steps = this.script.steps ?? [DEFAULT_STEP];
    return this.script.end === 'expired' && this.steps.length === steps.length;
  }

  #playUntil(stop: (moment: Moment) => boolean): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    for (let next = this.#life.next(); !next.done; next = this.#life.next()) {
      if (typeof next.value !== 'string') events.push(next.value);
      if (stop(next.value)) break;
    }
    return events;
  }

  *#play(): Generator<Moment, void> {
    yield this.event('thread.run.created', this.object);
    yield this.event('thread.run.queued', this.object);
    this.object.status = 'in_progress';
    this.object.started_at = this.world.clock.now();
    yield this.event('thread.run.in_progress', this.object);
    yield 'stage';
    const { steps = [DEFAULT_STEP], end = 'completed' } = this.script;
    for (const [index, step] of steps.entries()) {
      yield* playStep(this, step, end !== 'completed' && index === steps.length - 1);
    }
    if (end === 'cancelled') {
      this.object.status = 'cancelling';
      yield this.event('thread.run.cancelling', this.object);
      yield 'stage';
    }
    yield* this.#end(end);
  }

  *#end(end: RunEnd): Generator<Moment, void> {
    yield* interruptStep(this, end);
    const now = this.world.clock.now();
    const { object } = this;
    object.status = end;
    object.required_action = null;
    object.usage = sumOf(this.spent);
    object.expires_at = end === 'expired' ? now : null;
    if (end === 'completed' || end === 'cancelled' || end === 'failed') object[`${end}_at`] = now;
    if (end === 'failed') Object.assign(object, { last_error: this.lastError });
    if (end === 'incomplete') {
      Object.assign(object, {
        incomplete_details: { reason: this.script.incompleteReason ?? 'max_completion_tokens' },
      });
    }
    yield this.event(`thread.run.${end}`, object);
  }

  #storeOutputs(outputs: readonly ToolOutput[]): void {
    const details = this.steps.at(-1)?.step_details;
    if (details?.type !== 'tool_calls') return;
    for (const call of details.tool_calls) {
      const output = outputs.find((candidate) => candidate.tool_call_id === call.id);
      if (output && call.type === 'function') call.function.output = output.output ?? '';
    }
  }
}

/** The step as a client sees it: the text of file search results only for those who asked for it. */
export function presentStep(step: RunStep, withSearchContent: boolean): RunStep {
  const details = step.step_details;
  if (withSearchContent || details.type !== 'tool_calls') return step;
  const calls = details.tool_calls.map((call) => {
    if (call.type !== 'file_search') return call;
    const results = call.file_search.results?.map(({ content: _, ...result }) => result) ?? [];
    return { ...call, file_search: { ...call.file_search, results } };
  });
  return { ...step, step_details: { type: 'tool_calls', tool_calls: calls } };
}
