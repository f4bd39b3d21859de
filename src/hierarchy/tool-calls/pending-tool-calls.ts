import { BoundedMap } from '../../util/bounded-map.ts';
import type { CallFacts, ToolResult } from '../dialect.ts';
import { keyAt } from '../store.ts';

const MAX_KNOWN_CALLS = 10_000;
/** How long a call is known after it was requested, and after it was answered. */
const CALL_LIFETIME_MS = 600_000;

interface ToolCallIdentity {
  /** Scheme, host and port of the endpoint that chose the id. */
  readonly origin: string;
  readonly id: string;
  readonly conversationId: string | undefined;
  readonly traceId: string | undefined;
}

export interface ToolCallRequest extends ToolCallIdentity, CallFacts {
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
 */
export class PendingToolCalls<Call> {
  /** Each has a limit of its own: however many calls are answered, one whose result takes long is still known. */
  readonly #pending = this.#newMap();
  readonly #answered = this.#newMap();
  readonly #byId = new Map<string, Set<KnownCall<Call>>>();
  readonly #dropped: (call: Call) => void;

  /** @param dropped called with each call that was pending for too long or exceeded the limit */
  constructor(dropped: (call: Call) => void = () => undefined) {
    this.#dropped = dropped;
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  get size(): number {
    return this.#pending.size + this.#answered.size;
  }

  add(request: ToolCallRequest, call: Call): void {
    const known = { ...request, open: call };
    this.#pending.set(known, known);
    const key = keyAt(request.origin, request.id);
    this.#byId.set(key, (this.#byId.get(key) ?? new Set()).add(known));
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
    this.#pending.delete(known);
    this.#answered.set(known, known);
  }

  expire(): void {
    this.#pending.expire();
    this.#answered.expire();
  }

  #newMap(): BoundedMap<KnownCall<Call>, KnownCall<Call>> {
    return new BoundedMap(MAX_KNOWN_CALLS, (known) => this.#forget(known), CALL_LIFETIME_MS);
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
    const key = keyAt(known.origin, known.id);
    const same = this.#byId.get(key);
    same?.delete(known);
    if (same?.size === 0) this.#byId.delete(key);
  }
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
  const pending = near.filter(isPending);
  if (conversationId !== undefined) return fitting(pending, repeated);
  const isUnique = hasUniqueId({ id, name: repeated?.name ?? '' });
  const question = isUnique ? undefined : answered.question();
  const wasAsked = (call: KnownCall<Call>): boolean => question !== undefined && call.question === question;
  const inTrace = pending.filter((call) => traceId !== undefined && call.traceId === traceId);
  for (const calls of [inTrace.filter(wasAsked), inTrace]) {
    const found = fitting(calls, repeated);
    if (found.length > 0) return found;
  }
  if (repeated?.fingerprint === undefined) return [];
  const atOrigin = near.filter((call) => call.fingerprint === repeated.fingerprint);
  return isUnique ? atOrigin : atOrigin.filter(wasAsked);
}

function isPending<Call>(known: KnownCall<Call>): known is PendingCall<Call> {
  return known.open !== undefined;
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
