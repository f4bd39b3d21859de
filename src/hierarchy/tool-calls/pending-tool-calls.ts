import { BoundedMap } from '../../util/bounded-map.ts';
import type { CallFacts } from '../dialect.ts';
import { keyAt } from '../store.ts';

const MAX_PENDING_CALLS = 10_000;
const MAX_CLOSED_KEYS = 20_000;
const PENDING_TIMEOUT_MS = 600_000;

interface ToolCallIdentity {
  /** Scheme, host and port of the endpoint that chose the id. */
  readonly origin: string;
  readonly id: string;
  readonly conversationId: string | undefined;
  readonly traceId: string | undefined;
}

/** A tool call that the model has requested of the program. */
export interface ToolCallRequest extends ToolCallIdentity, CallFacts {
  /** The response that requests it. */
  readonly responseId: string | undefined;
  /** A hash of what it replies to, by the user and last, if the id is not unique. */
  readonly question: string | undefined;
}

/** A request that brings the result of a tool call. */
export interface AnsweredToolCall extends ToolCallIdentity {
  /** The call as the request repeats it. `undefined` where it does not. */
  readonly repeated: CallFacts | undefined;
  readonly previousResponseId?: string | undefined;
  /** The hash of what stands before the call, where the request repeats both. */
  readonly question: () => string | undefined;
}

/**
 * Where an id is looked for: in the response that the request continues, in its conversation, in its trace, or
 * anywhere at the origin: if the id is not unique, among the calls that the same messages led to.
 */
type Scope = readonly [kind: 'response' | 'conversation' | 'trace' | 'origin', id: string];

/** A call that a request answers. */
export interface TakenCall<Call> {
  readonly call: Call;
}

interface PendingEntry<Call> extends TakenCall<Call> {
  readonly facts: CallFacts;
  /** Of its origin and id. */
  readonly idKey: string;
  readonly keys: readonly string[];
  /** Those of the keys that may be asked for once only. */
  readonly keysUsedOnce: readonly string[];
  /** Represents it where its keys are closed. */
  readonly closer: object;
}

/** Closes a key that several calls had. */
const SEVERAL = {};

/**
 * The tool calls that the program has been asked for and has not answered yet, of every API.
 *
 * A server or gateway may give every call the same id, so an id alone says nothing: a result that meets the wrong call
 * ends up in another user's trace. A request meets a call of the same origin and id, in this order:
 *
 * - the request names a previous response: a call of that response;
 * - it names a conversation: a call of that conversation;
 * - otherwise: a call in the same trace, where nothing can reach another trace, first among those that the same
 *   messages led to: loops may run at once in it, and repeat ids; or, if the request repeats the call, the only call at
 *   the origin with that name and those arguments, of those that belong to no conversation. If the id is not unique,
 *   the user's last message and the last of all before the call have to be the same, too: this process may not know the
 *   call that is answered, but one of another user that looks like it. The last of all may be the result of a tool,
 *   such as "ok".
 *
 * If the request repeats the call, name and arguments have to be the same in every case; the name alone where the
 * arguments are not known. Where two calls fit, neither is met.
 */
export class PendingToolCalls<Call> {
  readonly #entries = new BoundedMap<PendingEntry<Call>, PendingEntry<Call>>(
    MAX_PENDING_CALLS,
    (entry) => {
      this.#close(entry);
      this.#dropped(entry.call);
    },
    PENDING_TIMEOUT_MS,
  );
  readonly #dropped: (call: Call) => void;
  readonly #byKey = new Map<string, PendingEntry<Call>>();
  /** The number of pending calls with the same origin and id. */
  readonly #counts = new Map<string, number>();
  /**
   * Keys that meet nothing: two calls had them, or their call was answered or dropped and its result may come again.
   */
  readonly #closedKeys = new BoundedMap<string, object>(MAX_CLOSED_KEYS, undefined, PENDING_TIMEOUT_MS);

  /** @param dropped is told of each call that was kept for too long, or was one too many */
  constructor(dropped: (call: Call) => void = () => undefined) {
    this.#dropped = dropped;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Everything that is kept. */
  get size(): number {
    return this.#entries.size + this.#closedKeys.size;
  }

  add(request: ToolCallRequest, call: Call): void {
    this.expire();
    const { origin, id, name, fingerprint } = request;
    const idKey = keyAt(origin, id);
    const entry = { call, facts: { name, fingerprint }, idKey, closer: {}, ...keysOf(request) };
    this.#open(entry);
    for (const key of entry.keys) {
      const other = this.#at(key);
      if (other === undefined) this.#byKey.set(key, entry);
      else {
        this.#byKey.delete(key);
        this.#closedKeys.set(key, SEVERAL);
      }
    }
  }

  /** Whether this response has asked for a call with this id, be it answered or not. */
  has({ origin, id, responseId }: Pick<ToolCallRequest, 'origin' | 'id' | 'responseId'>): boolean {
    this.expire();
    if (responseId === undefined) return false;
    return this.#at(keyOf(origin, id, ['response', responseId], undefined)) !== undefined;
  }

  /** Whether any call with this id is pending: otherwise its result does not have to be read. */
  awaits(origin: string, id: string): boolean {
    this.expire();
    return this.#counts.has(keyAt(origin, id));
  }

  /** The one call that the request answers, which is pending no longer. */
  take(answered: AnsweredToolCall): TakenCall<Call> | undefined {
    if (this.isEmpty) return undefined;
    this.expire();
    for (const scope of scopesOf(answered)) {
      const found = this.#find(answered, scope);
      if (found === 'ambiguous') return undefined;
      if (found === undefined) continue;
      this.#entries.delete(found);
      this.#close(found);
      return found;
    }
    return undefined;
  }

  /** Has a call pending again that a request has taken and not answered: it may be repeated. */
  restore(taken: TakenCall<Call>): void {
    const entry = taken as PendingEntry<Call>;
    this.#open(entry);
    for (const key of entry.keys) {
      if (this.#closedKeys.get(key) === entry.closer) this.#closedKeys.delete(key);
      // Another call may have had the key since.
      if (this.#at(key) === undefined) this.#byKey.set(key, entry);
    }
  }

  #find(
    { origin, id, repeated }: AnsweredToolCall,
    scope: Scope,
  ): PendingEntry<Call> | 'ambiguous' | undefined {
    const { fingerprint } = repeated ?? {};
    if (fingerprint !== undefined) {
      const found = this.#at(keyOf(origin, id, scope, fingerprint));
      if (found !== undefined) return found;
    }
    if (scope[0] === 'origin') return undefined;
    const found = this.#at(keyOf(origin, id, scope, undefined));
    if (found === undefined || found === 'ambiguous' || repeated === undefined) return found;
    const comparable = fingerprint !== undefined && found.facts.fingerprint !== undefined;
    return !comparable && found.facts.name === repeated.name ? found : undefined;
  }

  #at(key: string): PendingEntry<Call> | 'ambiguous' | undefined {
    return this.#byKey.get(key) ?? (this.#closedKeys.get(key) === undefined ? undefined : 'ambiguous');
  }

  /** Drops what has been pending for too long. */
  expire(): void {
    this.#entries.expire();
    this.#closedKeys.expire();
  }

  #open(entry: PendingEntry<Call>): void {
    this.#entries.set(entry, entry);
    this.#counts.set(entry.idKey, (this.#counts.get(entry.idKey) ?? 0) + 1);
  }

  #close(entry: PendingEntry<Call>): void {
    const left = (this.#counts.get(entry.idKey) ?? 1) - 1;
    if (left > 0) this.#counts.set(entry.idKey, left);
    else this.#counts.delete(entry.idKey);
    for (const key of entry.keys) if (this.#byKey.get(key) === entry) this.#byKey.delete(key);
    for (const key of entry.keysUsedOnce) this.#closedKeys.set(key, entry.closer);
  }
}

function keysOf(request: ToolCallRequest): Pick<PendingEntry<unknown>, 'keys' | 'keysUsedOnce'> {
  const { origin, id, fingerprint, responseId, conversationId } = request;
  const once: string[] = [];
  const again: string[] = [];
  const addTo = (keys: string[], scope: Scope): void => {
    if (scope[0] !== 'origin') keys.push(keyOf(origin, id, scope, undefined));
    if (fingerprint !== undefined) keys.push(keyOf(origin, id, scope, fingerprint));
  };
  if (responseId !== undefined) addTo(once, ['response', responseId]);
  // A conversation or trace asks for the same again, and whatever meets it stays inside of it.
  if (conversationId !== undefined) addTo(again, ['conversation', conversationId]);
  else {
    for (const scope of traceScopes(request, () => request.question)) addTo(again, scope);
    const scope = originScope(request, () => request.question);
    if (scope !== undefined) addTo(once, scope);
  }
  return { keys: [...once, ...again], keysUsedOnce: once };
}

function* scopesOf(answered: AnsweredToolCall): Generator<Scope> {
  const { id, repeated, previousResponseId, conversationId, traceId, question } = answered;
  if (previousResponseId !== undefined) yield ['response', previousResponseId];
  else if (conversationId !== undefined) yield ['conversation', conversationId];
  else {
    yield* traceScopes({ id, name: repeated?.name ?? '', traceId }, question);
    if (repeated === undefined) return;
    const scope = originScope({ id, name: repeated.name }, question);
    if (scope !== undefined) yield scope;
  }
}

function* traceScopes(
  { traceId, ...called }: CalledId & Pick<ToolCallIdentity, 'traceId'>,
  question: () => string | undefined,
): Generator<Scope> {
  if (traceId === undefined) return;
  const asked = hasUniqueId(called) ? undefined : question();
  if (asked !== undefined) yield ['trace', `${traceId} ${asked}`];
  yield ['trace', traceId];
}

/** @param question called only if the id is not unique: it may have to hash long messages */
function originScope(called: CalledId, question: () => string | undefined): Scope | undefined {
  const scopeId = hasUniqueId(called) ? '' : question();
  return scopeId === undefined ? undefined : ['origin', scopeId];
}

type CalledId = Pick<ToolCallRequest, 'id' | 'name'>;

/** A run of 16 letters and digits, with both in it, or a UUID. */
const UNIQUE_ID = /(?=[a-z]{0,15}\d)(?=\d{0,15}[a-z])[a-z\d]{16}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/i;

/** Whether no other call can have its id, as far as it looks: not `call_0` or `functions.get_weather:0`. */
export function hasUniqueId({ id, name }: CalledId): boolean {
  return UNIQUE_ID.test(id.replace(name, ' '));
}

/** As JSON, so that no id can be written to look like the key of another call. */
function keyOf(origin: string, id: string, scope: Scope, fingerprint: string | undefined): string {
  return JSON.stringify([origin, id, ...scope, fingerprint]);
}
