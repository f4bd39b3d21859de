import { BoundedMap } from '../../util/bounded-map.ts';
import { platform } from '../../util/platform.ts';
import type { CallFacts, ToolResult } from '../dialect.ts';
import { keyAt, LONG_LIFETIME_MS } from '../store.ts';

const MAX_KNOWN_CALLS = 10_000;
/**
 * How long an answered call is known, and how long a call with an id that servers repeat may be answered from
 * anywhere: an abandoned call must not hide the next user's call with the same id.
 */
const REPEATED_ID_LIFETIME_MS = 600_000;

interface ToolCallIdentity {
  /** Scheme, host and port of the endpoint that chose the id. */
  readonly origin: string;
  readonly id: string;
  readonly conversationId: string | undefined;
  readonly traceId: string | undefined;
}

export interface ToolCallRequest extends ToolCallIdentity, CallFacts {
  /** Another id by which a result may name the call. */
  readonly alias?: string | undefined;
  readonly responseId: string | undefined;
  /** Identifies the answer that requests the call: an object or, for an answer to another process, its id. */
  readonly requester: unknown;
  /** A hash of the last messages that the response replies to. Set only if the call's id is not unique. */
  readonly question: string | undefined;
}

export interface AnsweredToolCall extends ToolCallIdentity, Pick<ToolResult, 'repeated' | 'question'> {
  readonly previousResponseId?: string | undefined;
}

interface KnownCall<Call> extends ToolCallRequest {
  /** When it was requested, in monotonic milliseconds. */
  readonly requestedAt: number;
  /** Whether its response, its conversation or its id tells it from all others. */
  readonly isLasting: boolean;
  /** `undefined` once answered. The call stays known for a while: its result may come again. */
  open: Call | undefined;
}

export interface PendingCall<Call> extends KnownCall<Call> {
  open: Call;
}

/**
 * The tool calls of all APIs that models have requested from the program and that it has not answered yet.
 *
 * A server or gateway may give every call the same id, so an id alone is not enough: a result that is matched
 * with the wrong call ends up in another user's trace. A result is matched with a call of the same origin and
 * id, as follows:
 *
 * - If the request names a previous response, the call must be of that response.
 * - Otherwise, if the request names a conversation, the call must be of that conversation.
 * - Otherwise, the call is searched in the request's own trace, where a wrong match cannot affect another
 *   trace. Calls that the same messages led to come first, because several loops may run in one trace and
 *   repeat ids.
 * - If none is found there and the request repeats the call, it is the only call at the origin with the same
 *   name and arguments that belongs to no conversation. If the id is not unique, the user's last message and
 *   the last message before the call, which may be just a tool result, must be the same, too. Otherwise, the
 *   result of a call unknown here could match another user's call.
 *
 * If the request repeats the call, name and arguments must be the same in every case or, if the arguments are
 * not known, the name. If two calls fit, none is matched. Among the calls of a response or an origin, those
 * that were answered still count, because their results may come again.
 *
 * A person may take a day to answer. But once a call whose id is not unique is older than
 * {@link REPEATED_ID_LIFETIME_MS}, only a request that names its response or conversation can answer it, and a
 * newer call of that conversation comes first.
 */
export class PendingToolCalls<Call> {
  /**
   * Each has a limit of its own: however many calls are answered, or abandoned by servers that repeat ids, a
   * call whose result takes long is still known.
   */
  readonly #lasting = this.#newMap(LONG_LIFETIME_MS);
  readonly #brief = this.#newMap(REPEATED_ID_LIFETIME_MS);
  readonly #answered = this.#newMap(REPEATED_ID_LIFETIME_MS);
  readonly #byId = new Map<string, Set<KnownCall<Call>>>();
  readonly #dropped: (call: Call) => void;

  /** @param dropped called with each call that was pending for too long or exceeded the limit */
  constructor(dropped: (call: Call) => void = () => undefined) {
    this.#dropped = dropped;
  }

  get isEmpty(): boolean {
    return this.#lasting.size + this.#brief.size === 0;
  }

  get size(): number {
    return this.#lasting.size + this.#brief.size + this.#answered.size;
  }

  add(request: ToolCallRequest, call: Call): void {
    const { responseId, conversationId } = request;
    const isLasting = responseId !== undefined || conversationId !== undefined || hasUniqueId(request);
    const known = { ...request, open: call, requestedAt: platform.performance.now(), isLasting };
    this.#pendingLike(known).set(known, known);
    for (const key of keysOf(known)) this.#byId.set(key, (this.#byId.get(key) ?? new Set()).add(known));
  }

  /** Whether the same answer has already requested this call, even if the call is answered by now. */
  has({ origin, id, requester, fingerprint }: ToolCallRequest): boolean {
    return this.#known(origin, id).some(
      (known) => known.requester === requester && known.fingerprint === fingerprint,
    );
  }

  /** The call that the request answers; `undefined` if no call fits, or more than one. */
  find(answered: AnsweredToolCall): PendingCall<Call> | undefined {
    const same = this.#known(answered.origin, answered.id);
    // Returns before any arguments are hashed: a request may repeat thousands of answered calls.
    if (!same.some(isPending)) return undefined;
    const [known, ...others] = findAnswered(same, answered);
    return known !== undefined && isPending(known) && others.length === 0 ? known : undefined;
  }

  /** Called when the answer has arrived. Until then, the request may fail and be repeated. */
  close(known: KnownCall<Call>): void {
    if (known.open === undefined) return;
    known.open = undefined;
    this.#pendingLike(known).delete(known);
    this.#answered.set(known, known);
  }

  expire(): void {
    this.#lasting.expire();
    this.#brief.expire();
    this.#answered.expire();
  }

  #newMap(lifetime: number): BoundedMap<KnownCall<Call>, KnownCall<Call>> {
    return new BoundedMap(MAX_KNOWN_CALLS, (known) => this.#forget(known), lifetime);
  }

  #pendingLike({ isLasting }: KnownCall<Call>): BoundedMap<KnownCall<Call>, KnownCall<Call>> {
    return isLasting ? this.#lasting : this.#brief;
  }

  #known(origin: string, id: string): readonly KnownCall<Call>[] {
    this.expire();
    return [...(this.#byId.get(keyAt(origin, id)) ?? [])];
  }

  #forget(known: KnownCall<Call>): void {
    const { open } = known;
    if (open !== undefined) {
      known.open = undefined;
      this.#dropped(open);
    }
    for (const key of keysOf(known)) {
      const same = this.#byId.get(key);
      same?.delete(known);
      if (same?.size === 0) this.#byId.delete(key);
    }
  }
}

function keysOf({ origin, id, alias = id }: ToolCallRequest): readonly string[] {
  const key = keyAt(origin, id);
  return alias === id ? [key] : [key, keyAt(origin, alias)];
}

/** See {@link PendingToolCalls}. */
function findAnswered<Call>(
  same: readonly KnownCall<Call>[],
  answered: AnsweredToolCall,
): readonly KnownCall<Call>[] {
  const { id, previousResponseId, conversationId, traceId } = answered;
  const repeated = answered.repeated();
  if (previousResponseId !== undefined)
    return fitting(
      same.filter(({ responseId }) => responseId === previousResponseId),
      repeated,
    );
  // A conversation or trace may repeat a call, so only its pending calls count. A wrong match stays inside
  // it.
  const near = same.filter((call) => call.conversationId === conversationId);
  const isUnique = hasUniqueId({ id, name: repeated?.name ?? '' });
  const earliest = isUnique ? Number.NEGATIVE_INFINITY : platform.performance.now() - REPEATED_ID_LIFETIME_MS;
  const recent = near.filter(({ requestedAt }) => requestedAt > earliest);
  const pending = recent.filter(isPending);
  if (conversationId !== undefined) return firstFitting([pending, near.filter(isPending)], repeated);
  const question = isUnique ? undefined : answered.question();
  const wasAsked = (call: KnownCall<Call>): boolean => question !== undefined && call.question === question;
  const inTrace = pending.filter((call) => traceId !== undefined && call.traceId === traceId);
  const found = firstFitting([inTrace.filter(wasAsked), inTrace], repeated);
  if (found.length > 0 || repeated?.fingerprint === undefined) return found;
  const atOrigin = recent.filter((call) => call.fingerprint === repeated.fingerprint);
  return isUnique ? atOrigin : atOrigin.filter(wasAsked);
}

function isPending<Call>(known: KnownCall<Call>): known is PendingCall<Call> {
  return known.open !== undefined;
}

function firstFitting<Call>(
  lists: readonly (readonly KnownCall<Call>[])[],
  repeated: CallFacts | undefined,
): readonly KnownCall<Call>[] {
  return lists.map((calls) => fitting(calls, repeated)).find(({ length }) => length > 0) ?? [];
}

/** If the arguments are not known, the name decides. */
function fitting<Call>(
  calls: readonly KnownCall<Call>[],
  repeated: CallFacts | undefined,
): readonly KnownCall<Call>[] {
  if (repeated === undefined) return calls;
  const { name, fingerprint } = repeated;
  const same = fingerprint === undefined ? [] : calls.filter((call) => call.fingerprint === fingerprint);
  if (same.length > 0) return same;
  return calls.filter(
    (call) => call.name === name && (fingerprint === undefined || call.fingerprint === undefined),
  );
}

/** 16 letters and digits in a row, with at least one of each, or a UUID. */
const UNIQUE_ID = /(?=[a-z]{0,15}\d)(?=\d{0,15}[a-z])[a-z\d]{16}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/i;

/** Whether an id looks random, so that no other call has it. `call_0` or `functions.get_weather:0` does not. */
export function hasUniqueId({ id, name }: Pick<ToolCallRequest, 'id' | 'name'>): boolean {
  return UNIQUE_ID.test(id.replace(name, ' '));
}
