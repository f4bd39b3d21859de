import type { Call } from '../../sdk/call.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { arrayField, field, MAX_READ, stringField } from '../../util/payload.ts';
import type { Invocation } from '../invocation.ts';
import type { ConversationTracker } from '../tracker.ts';
import type { Whereabouts } from '../whereabouts.ts';
import { readAssistant, readRun, readStep, readThreadMessage } from './objects.ts';
import { readRunDetails } from './read-details.ts';

/** When and how an object was seen. */
interface RunObservation {
  readonly time: number;
  /** Whether a stream reported it as it happened. */
  readonly live: boolean;
  /** The run of the request, whose id may be unknown yet. */
  readonly invocation: Invocation | undefined;
}

/** Passes the objects and events of the Assistants API to the hierarchy. */
export class ObservedRuns {
  readonly #telemetry: Telemetry;
  readonly #conversations: ConversationTracker;
  readonly #client: object;
  readonly #assistantsVersion: string;
  readonly #at: Whereabouts;

  /** @param at where the answers to the call come from */
  constructor(
    telemetry: Telemetry,
    conversations: ConversationTracker,
    { client, assistantsVersion }: Pick<Call, 'client' | 'assistantsVersion'>,
    at: Whereabouts,
  ) {
    this.#telemetry = telemetry;
    this.#conversations = conversations;
    this.#client = client;
    this.#assistantsVersion = assistantsVersion ?? 'assistants=v2';
    this.#at = at;
  }

  /** Takes the result of a call: one object. */
  result(value: unknown, time: number, invocation?: Invocation): void {
    this.#object(value, { time, live: false, invocation });
  }

  /** Takes a list of objects, in the order of their creation. */
  list(value: unknown, time: number, query: unknown): void {
    const listed = arrayField(value, 'data').slice(0, MAX_READ);
    // By default, the API lists the newest first.
    const oldestFirst = stringField(query, 'order') === 'asc';
    const inOrder = oldestFirst ? listed : listed.reverse();
    const olderPage = !oldestFirst && stringField(query, 'after') !== undefined;
    if (field(inOrder[0], 'object') === 'thread.run.step') this.#stepsInOrder(inOrder, olderPage);
    for (const item of inOrder) this.#object(item, { time, live: false, invocation: undefined });
  }

  #stepsInOrder(steps: readonly unknown[], olderPage: boolean): void {
    const invocation = this.#invocation(steps[0], 'run_id');
    const ids = steps.flatMap((step) => stringField(step, 'id') ?? []);
    invocation?.steps.seeOrder(ids, olderPage);
  }

  /** Takes an event of a stream: `{ event, data }`. @returns whether it contained text or code */
  event(value: unknown, time: number, invocation: Invocation): boolean {
    const name = stringField(value, 'event');
    const data = field(value, 'data');
    if (name === 'thread.message.delta' || name === 'thread.run.step.delta') {
      invocation.steps.seeDelta(stringField(data, 'id'), time);
      return true;
    }
    this.#object(data, { time, live: true, invocation });
    return false;
  }

  #object(value: unknown, observation: RunObservation): void {
    const kind = field(value, 'object');
    if (kind === 'thread.run') this.#run(value, observation);
    else if (kind === 'thread.run.step') this.#step(value, observation);
    else if (kind === 'thread.message') this.#message(value);
    else if (kind === 'assistant') this.#assistant(value);
  }

  /** The run that an object is or belongs to, of the thread that it names. */
  #invocation(value: unknown, key: 'id' | 'run_id'): Invocation | undefined {
    const id = stringField(value, key);
    if (id === undefined) return undefined;
    const { origin, conversationId } = this.#at;
    return this.#conversations.invocation(id, origin, stringField(value, 'thread_id') ?? conversationId);
  }

  #wantsContent(): boolean {
    return this.#telemetry.wantsContent;
  }

  #run(value: unknown, { time, live, invocation }: RunObservation): void {
    const known = this.#invocation(value, 'id') ?? (invocation?.id === undefined ? invocation : undefined);
    if (known === undefined) return;
    const snapshot = readRun(value, { content: this.#wantsContent(), known: known.id !== undefined });
    if (snapshot === undefined) return;
    this.#conversations.see(known, snapshot, {
      live,
      time,
      details: (ended) => readRunDetails(ended, this.#client, this.#assistantsVersion),
    });
  }

  #step(value: unknown, { time, live }: RunObservation): void {
    const step = readStep(value, { content: this.#wantsContent() });
    const invocation = step === undefined ? undefined : this.#invocation(value, 'run_id');
    if (step === undefined || invocation === undefined) return;
    invocation.seeStep(step, time, live);
    this.#conversations.settle(invocation);
  }

  #message(value: unknown): void {
    const invocation = this.#invocation(value, 'run_id');
    if (invocation === undefined) return;
    const message = readThreadMessage(value, { content: this.#wantsContent() });
    if (message?.role !== 'assistant') return;
    invocation.seeMessage(message);
    this.#conversations.settle(invocation);
  }

  #assistant(value: unknown): void {
    const agent = readAssistant(value);
    if (agent !== undefined) this.#conversations.agents.set(agent.id, agent);
  }
}
