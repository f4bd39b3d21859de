import { BoundedMap } from '../../util/bounded-map.ts';
import type { CallFacts } from '../dialect.ts';
import { keyAt } from '../store.ts';

/** The limit for pending calls and for those that were answered not long ago, together. */
const MAX_KNOWN_CALLS = 20_000;
const CALL_LIFETIME_MS = 600_000;

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
  /** The message object that the response replies to. Set only if the call's id is not unique. */
  readonly question: WeakRef<object> | undefined;
}

/** A tool call whose result is in a request of the program. */
export interface AnsweredToolCall extends ToolCallIdentity {
  /**
   * The call as the request repeats it; returns `undefined` if the request does not. Called only if a call with the id
   * is pending: a request may repeat thousands of answered calls, and hashing their arguments would take long.
   */
  readonly repeated: () => CallFacts | undefined;
  readonly previousResponseId?: string | undefined;
  /** The message object before the call, if the request repeats them and the call. */
  readonly question: unknown;
}

/**
 * The tool calls of all APIs that models have requested from the program and that it has not answered yet.
 *
 * A server or gateway may give every call the same id, so an id alone is not enough: a result that is matched with the
 * wrong call ends up in another user's trace. A result is matched with a call of the same origin and id, as follows:
 *
 * - If the request names a previous response, the call must be of that response.
 * - Otherwise, if the request names a conversation, the call must be of that conversation.
 * - Otherwise, the call is searched in the request's own trace, where a wrong match cannot affect another trace. Calls
 *   that the same message led to come first, because several loops may run in one trace and repeat ids.
 * - If none is found there and the request repeats the call, it is the only call at the origin with the same name and
 *   arguments that belongs to no conversation. If the id is not unique, the message before the call must be the very
 *   object that led to it: this process may not know the answered call, but a similar one of another user.
 *
 * If the request repeats the call, name and arguments must be the same in every case; if the arguments are not known,
 * only the name. If two calls fit, none is matched. In a response and at an origin, a call that was answered still
 * counts as one that fits: its result may come again.
 */
export class PendingToolCalls<Call extends ToolCallRequest> {
  /** The calls that are pending or were answered, and among them, by origin and id, those with the same id. */
  readonly #known = new BoundedMap<Call, Call>(
    MAX_KNOWN_CALLS,
    (call) => this.#forget(call),
    CALL_LIFETIME_MS,
  );
  readonly #byId = new Map<string, Set<Call>>();
  readonly #pending = new Set<Call>();
  readonly #dropped: (call: Call) => void;

  /** @param dropped called with each call that was pending for too long or exceeded the limit */
  constructor(dropped: (call: Call) => void = () => undefined) {
    this.#dropped = dropped;
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  /** The number of pending and answered calls. */
  get size(): number {
    return this.#known.size;
  }

  /** Makes a call pending, again if the request that was to answer it has failed and may be repeated. */
  add(call: Call): void {
    this.#known.set(call, call);
    this.#pending.add(call);
    const key = keyAt(call.origin, call.id);
    this.#byId.set(key, (this.#byId.get(key) ?? new Set()).add(call));
  }

  /** Whether the response has requested a call with this id, even if it is already answered. */
  has({ origin, id, responseId }: Pick<ToolCallRequest, 'origin' | 'id' | 'responseId'>): boolean {
    return responseId !== undefined && this.#with(origin, id).some((call) => call.responseId === responseId);
  }

  /** Removes and returns the pending call that the request answers; `undefined` if no call fits, or more than one. */
  take(answered: AnsweredToolCall): Call | undefined {
    const same = this.#with(answered.origin, answered.id);
    const pending = same.filter((call) => this.#pending.has(call));
    // Returns before any arguments are hashed: a request may repeat thousands of answered calls.
    if (pending.length === 0) return undefined;
    const [call, ...others] = findAnswered(same, pending, answered);
    if (call === undefined || others.length > 0 || !this.#pending.delete(call)) return undefined;
    this.#known.set(call, call);
    return call;
  }

  /** Drops the calls that were kept for too long. */
  expire(): void {
    this.#known.expire();
  }

  #with(origin: string, id: string): readonly Call[] {
    this.expire();
    return [...(this.#byId.get(keyAt(origin, id)) ?? [])];
  }

  #forget(call: Call): void {
    const key = keyAt(call.origin, call.id);
    const same = this.#byId.get(key);
    same?.delete(call);
    if (same?.size === 0) this.#byId.delete(key);
    if (this.#pending.delete(call)) this.#dropped(call);
  }
}

/** The calls that a request may answer, among those with its origin and id. See {@link PendingToolCalls}. */
function findAnswered<Call extends ToolCallRequest>(
  same: readonly Call[],
  pending: readonly Call[],
  answered: AnsweredToolCall,
): readonly Call[] {
  const { id, previousResponseId, conversationId, traceId, question } = answered;
  const repeated = answered.repeated();
  if (previousResponseId !== undefined)
    return fitting(
      same.filter(({ responseId }) => responseId === previousResponseId),
      repeated,
    );
  // A conversation or trace may request the same again, and a wrong match stays inside of it.
  const isNear = (call: Call): boolean => call.conversationId === conversationId;
  if (conversationId !== undefined) return fitting(pending.filter(isNear), repeated);
  const wasAsked = (call: Call): boolean => question !== undefined && call.question?.deref() === question;
  const inTrace = pending.filter((call) => isNear(call) && traceId !== undefined && call.traceId === traceId);
  for (const calls of [inTrace.filter(wasAsked), inTrace]) {
    const found = fitting(calls, repeated);
    if (found.length > 0) return found;
  }
  if (repeated?.fingerprint === undefined) return [];
  const isUnique = hasUniqueId({ id, name: repeated.name });
  return same.filter(
    (call) => isNear(call) && call.fingerprint === repeated.fingerprint && (isUnique || wasAsked(call)),
  );
}

/** The calls with the repeated name and arguments or, if the arguments are not known, with the name. */
function fitting<Call extends ToolCallRequest>(
  calls: readonly Call[],
  repeated: CallFacts | undefined,
): readonly Call[] {
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
