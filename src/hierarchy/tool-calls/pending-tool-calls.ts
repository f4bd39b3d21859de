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

/** A tool call that the model has requested from the program. */
export interface ToolCallRequest extends ToolCallIdentity, CallFacts {
  /** The id of the response that requests the call. */
  readonly responseId: string | undefined;
  /** A hash of the last messages that the response replies to. Set only if the call's id is not unique. */
  readonly question: string | undefined;
}

/** A tool call whose result is in a request of the program. */
export interface AnsweredToolCall extends ToolCallIdentity {
  /** The call as the request repeats it; `undefined` if the request does not repeat it. */
  readonly repeated: CallFacts | undefined;
  readonly previousResponseId?: string | undefined;
  /** A hash of the last messages before the call, if the request repeats them and the call. */
  readonly question: () => string | undefined;
}

/**
 * Where the call with an id is searched: in the response that the request continues, in the request's conversation, in
 * its trace, or anywhere at the origin. If the id is not unique, a trace is first searched for calls that the same
 * messages led to, and an origin only for such calls.
 */
type Scope = readonly [kind: 'response' | 'conversation' | 'trace' | 'origin', id: string];

/** A call that a request answers. */
export interface TakenCall<Call> {
  readonly call: Call;
}

interface PendingEntry<Call> extends TakenCall<Call> {
  readonly facts: CallFacts;
  /** The key of the call's origin and id. */
  readonly idKey: string;
  readonly keys: readonly string[];
  /** Those of the keys that can be matched only once. */
  readonly keysUsedOnce: readonly string[];
  /** Marks the keys that this entry has closed. */
  readonly closer: object;
}

/** Marks a key that is closed because several calls had it. */
const SEVERAL = {};

/**
 * The tool calls of all APIs that models have requested from the program and that it has not answered yet.
 *
 * A server or gateway may give every call the same id, so an id alone is not enough: a result that is matched with the
 * wrong call ends up in another user's trace. A result is matched with a call of the same origin and id, as follows:
 *
 * - If the request names a previous response, the call must be of that response.
 * - Otherwise, if the request names a conversation, the call must be of that conversation.
 * - Otherwise, the call is searched in the request's own trace, where a wrong match cannot affect another trace. Calls
 *   that the same messages led to come first, because several loops may run in one trace and repeat ids.
 * - If none is found there and the request repeats the call, it is the only call at the origin with the same name and
 *   arguments that belongs to no conversation. If the id is not unique, the user's last message and the last message
 *   before the call must be the same, too: this process may not know the answered call, but a similar one of another
 *   user. The last message alone may be a tool result such as "ok".
 *
 * If the request repeats the call, name and arguments must be the same in every case; if the arguments are not known,
 * only the name. If two calls fit, none is matched.
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
   * Keys that match no call: two calls had them, or their call was answered or dropped and its result may come again.
   */
  readonly #closedKeys = new BoundedMap<string, object>(MAX_CLOSED_KEYS, undefined, PENDING_TIMEOUT_MS);

  /** @param dropped called with each call that was pending for too long or exceeded the limit */
  constructor(dropped: (call: Call) => void = () => undefined) {
    this.#dropped = dropped;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** The number of pending calls and closed keys. */
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

  /** Whether the response has requested a call with this id, even if it is already answered. */
  has({ origin, id, responseId }: Pick<ToolCallRequest, 'origin' | 'id' | 'responseId'>): boolean {
    this.expire();
    if (responseId === undefined) return false;
    return this.#at(keyOf(origin, id, ['response', responseId], undefined)) !== undefined;
  }

  /** Whether any call with this id is pending. If not, a result with this id does not have to be read. */
  awaits(origin: string, id: string): boolean {
    this.expire();
    return this.#counts.has(keyAt(origin, id));
  }

  /** Removes and returns the call that the request answers; `undefined` if no call fits, or more than one. */
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

  /** Makes a call pending again, because the request that was to answer it has failed and may be repeated. */
  restore(taken: TakenCall<Call>): void {
    const entry = taken as PendingEntry<Call>;
    this.#open(entry);
    for (const key of entry.keys) {
      if (this.#closedKeys.get(key) === entry.closer) this.#closedKeys.delete(key);
      // Meanwhile, another call may have taken the key.
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

  /** Drops the calls and keys that were kept for too long. */
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
  // A conversation or trace may request the same again, and a wrong match stays inside of it.
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

/** @param question called only if the id is not unique, because it may have to hash long messages */
function originScope(called: CalledId, question: () => string | undefined): Scope | undefined {
  const scopeId = hasUniqueId(called) ? '' : question();
  return scopeId === undefined ? undefined : ['origin', scopeId];
}

type CalledId = Pick<ToolCallRequest, 'id' | 'name'>;

/** 16 letters and digits in a row, with at least one of each, or a UUID. */
const UNIQUE_ID = /(?=[a-z]{0,15}\d)(?=\d{0,15}[a-z])[a-z\d]{16}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/i;

/** Whether an id looks random, so that no other call has it. `call_0` or `functions.get_weather:0` does not. */
export function hasUniqueId({ id, name }: CalledId): boolean {
  return UNIQUE_ID.test(id.replace(name, ' '));
}

/** The key of a call in a scope. It is JSON, so that no id can imitate the key of another call. */
function keyOf(origin: string, id: string, scope: Scope, fingerprint: string | undefined): string {
  return JSON.stringify([origin, id, ...scope, fingerprint]);
}
