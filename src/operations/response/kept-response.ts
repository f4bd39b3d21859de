import { Keeper, keptFields, keptNumbers, type TextLimits } from '../../telemetry/content/kept-content.ts';
import { plainError } from '../../telemetry/content/plain-data.ts';
import { keptFilters } from '../../telemetry/outcomes/content-filter.ts';
import {
  arrayField,
  asArray,
  asBoolean,
  asName,
  asNumber,
  asObject,
  field,
  first,
  MAX_READ,
  MAX_REPEATED,
  objectField,
  stringField,
} from '../../util/payload.ts';
import { readCitations } from '../citations.ts';
import { fingerprintOfItem, keepFingerprint } from '../tool-calls.ts';
import { hasRefusal, readResponseToolCall, readToolOutputCallId } from './items.ts';

/** The API accepts 16 pairs of metadata, with at most 512 characters each. */
const MAX_KEPT_PAIRS = 16;
const MAX_PAIR_LENGTH = 512;

/** For each field that is kept in memory: a function that returns the part of its value to keep. */
type KeptFields = Readonly<Record<string, (value: unknown) => unknown>>;

const FIELDS: KeptFields = {
  id: asName,
  object: asName,
  model: asName,
  status: asName,
  service_tier: asName,
  previous_response_id: asName,
  created_at: asNumber,
  completed_at: asNumber,
  background: asBoolean,
  conversation: (value) => asName(value) ?? pick(value, ['id']),
  incomplete_details: (value) => pick(value, ['reason']),
  error: (value) => plainError(value),
  // The metadata may contain the trace context of the process that created the response.
  metadata: (value) => keptFields(value, 1, MAX_KEPT_PAIRS, keptPair),
  tool_usage: (value) => keptNumbers(value),
  usage: (value) => keptNumbers(value),
  // Azure's field.
  content_filters: (value) => first(asArray(value)).map(keptFilter),
};

const ITEM_NAMES = [
  'id',
  'type',
  'status',
  'role',
  'call_id',
  'name',
  'action',
  'namespace',
  'server_label',
  'execution',
  'approval_request_id',
] as const;

const TYPE = ['type', 'status'] as const;

/** What is kept of a message if content is not recorded: whether the model refused to answer. */
const MESSAGE_FIELDS: KeptFields = {
  content: (value) => (hasRefusal(value) ? REFUSAL : undefined),
};
export const REFUSAL: readonly object[] = [{ type: 'refusal' }];

/** What is kept of a tool call if content is not recorded: who runs it, how it ended, the files it found. */
const TOOL_FIELDS: KeptFields = {
  environment: (value) => pick(value, ['type']),
  error: (value) => pick(value, ['type', 'code']) ?? {},
  results: (value) =>
    Array.isArray(value) ? first(value, MAX_READ).map((found, index) => keptResult(found, index)) : undefined,
  outputs: (value) =>
    Array.isArray(value) ? first(value).map((output) => pick(output, ['type'])) : undefined,
  output: (value) => (Array.isArray(value) ? first(value).flatMap(exitOf) : undefined),
};

/** How many tool calls and outputs are kept: each call may have its output in a separate item. */
const MAX_TOOL_ITEMS = 2 * MAX_REPEATED;

/** The id of a file. Of further ones, only the number is recorded. */
function keptResult(found: unknown, index: number): unknown {
  return index < MAX_REPEATED ? (pick(found, ['file_id']) ?? null) : null;
}

function keptFilter(filter: unknown): object {
  return { content_filter_results: keptFilters(field(filter, 'content_filter_results')) };
}

function keptPair(value: unknown): string | undefined {
  const text = asName(value);
  return text !== undefined && text.length <= MAX_PAIR_LENGTH ? text : undefined;
}

export class KeptItems {
  readonly #keeper: Keeper | undefined;
  readonly #tools = new WeakSet<object>();
  #toolCount = 0;

  constructor(limits: TextLimits | undefined) {
    if (limits !== undefined) this.#keeper = new Keeper(limits);
  }

  /**
   * Keeps an item. Of tool items after the first {@link MAX_TOOL_ITEMS}, only type and status are kept.
   *
   * @param before an earlier version of the same item, which this one replaces
   */
  keep(item: unknown, before?: object): object {
    if (before !== undefined && this.#tools.delete(before)) this.#toolCount--;
    const call = readResponseToolCall(item);
    const isTool = call !== undefined || readToolOutputCallId(item) !== undefined;
    if (isTool && this.#toolCount >= MAX_TOOL_ITEMS) return pick(item, TYPE) ?? {};
    const kept =
      this.#keeper === undefined
        ? {
            ...pick(item, isTool ? ITEM_NAMES : TYPE),
            ...keepFields(item, isTool ? TOOL_FIELDS : MESSAGE_FIELDS),
          }
        : (asObject(this.#keeper.keep(item, before)) ?? {});
    if (this.#keeper !== undefined) {
      // Without this, names and ids could be lost: a long text before them might use up the limit.
      Object.assign(kept, pick(item, ITEM_NAMES));
      keepCitations(kept, item);
    }
    if (isTool) {
      this.#toolCount++;
      this.#tools.add(kept);
    }
    if (call?.runBy === 'program' && call.status !== 'in_progress') {
      const fingerprint = fingerprintOfItem(call, item);
      keepFingerprint(kept, () => fingerprint);
    }
    return kept;
  }
}

/** {@link Keeper} leaves annotations out. */
function keepCitations(kept: object, item: unknown): void {
  const parts = arrayField(item, 'content');
  arrayField(kept, 'content').forEach((part, index) => {
    const annotations = readCitations(field(parts[index], 'annotations'));
    if (annotations.length > 0) Object.assign(asObject(part) ?? {}, { annotations });
  });
}

export function keptResponse(response: unknown, limits: TextLimits | undefined): object | undefined {
  if (asObject(response) === undefined) return undefined;
  const kept = keepFields(response, FIELDS);
  const output = field(response, 'output');
  if (!Array.isArray(output)) return kept;
  const items = new KeptItems(limits);
  kept.output = first(output, MAX_READ).map((item) => items.keep(item));
  return kept;
}

function keepFields(value: unknown, fields: KeptFields): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    const found = field(value, name) ?? undefined;
    const read = found === undefined ? undefined : fields[name]?.(found);
    if (read !== undefined) kept[name] = read;
  }
  return kept;
}

function exitOf(command: unknown): object[] {
  const outcome = objectField(command, 'outcome');
  if (outcome === undefined) return [];
  return [{ outcome: { ...pick(outcome, ['type']), exit_code: asNumber(outcome.exit_code) } }];
}

function pick(value: unknown, names: readonly string[]): Record<string, string> | undefined {
  if (asObject(value) === undefined) return undefined;
  const picked: Record<string, string> = {};
  for (const name of names) {
    const found = stringField(value, name);
    if (found !== undefined) picked[name] = found;
  }
  return picked;
}
