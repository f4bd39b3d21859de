import { withoutCredentials } from '../../telemetry/content/credentials.ts';
import type { TextLimits } from '../../telemetry/kept-text.ts';
import { Keeper, keptNumbers } from '../../telemetry/kept-values.ts';
import {
  arrayField,
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
  textField,
} from '../../util/payload.ts';
import { readCitations } from '../citations.ts';
import { keepFingerprint } from '../tool-call-fingerprint.ts';
import { readResponseToolCall, readToolOutputCallId } from './items.ts';

/** The API takes 16 pairs of at most 512 characters. */
const MAX_KEPT_PAIRS = 16;
const MAX_PAIR_LENGTH = 512;

/** What is kept of a response that is still coming: of each of its fields that are read, by the field. */
const FIELDS: Readonly<Record<string, (value: unknown) => unknown>> = {
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
  error: keptError,
  metadata: keptMetadata,
  tool_usage: (value) => keptNumbers(value),
  usage: (value) => keptNumbers(value),
};

/** The names of an item that is a tool call or the output of one. */
const ITEM_NAMES = [
  'id',
  'type',
  'status',
  'role',
  'call_id',
  'name',
  'namespace',
  'server_label',
  'execution',
  'approval_request_id',
] as const;

const TYPE = ['type', 'status'] as const;
/** A tool call may have its output in a separate item. */
const MAX_TOOL_ITEMS = 2 * MAX_REPEATED;

/** Keeps the items of one answer, with their content if it is recorded. */
export class KeptItems {
  readonly #keeper: Keeper | undefined;
  readonly #tools = new WeakSet<object>();
  #toolCount = 0;

  constructor(limits: TextLimits | undefined) {
    if (limits !== undefined) this.#keeper = new Keeper(limits);
  }

  /**
   * The first tool calls are kept; of further ones no more than that they are some.
   *
   * @param before the item as it was kept until now, whose room it gets
   */
  keep(item: unknown, before?: object): object {
    if (before !== undefined && this.#tools.delete(before)) this.#toolCount--;
    const isTool = readResponseToolCall(item) !== undefined || readToolOutputCallId(item) !== undefined;
    if (isTool && this.#toolCount >= MAX_TOOL_ITEMS) return pick(item, TYPE) ?? {};
    const kept =
      this.#keeper === undefined
        ? keptNamesOf(item, isTool)
        : (asObject(this.#keeper.keep(item, before)) ?? {});
    if (this.#keeper !== undefined) {
      // Without this, the text before them, such as the arguments of a function, could cut its id and name.
      Object.assign(kept, pick(item, ITEM_NAMES));
      keepCitations(kept, item);
    }
    if (isTool) {
      this.#toolCount++;
      this.#tools.add(kept);
      keepFingerprint(kept, item);
    }
    return kept;
  }
}

/** Keeps what the texts of an item cite. A keeper leaves annotations out. */
function keepCitations(kept: object, item: unknown): void {
  const parts = arrayField(item, 'content');
  arrayField(kept, 'content').forEach((part, index) => {
    const annotations = readCitations(field(parts[index], 'annotations'));
    if (annotations.length > 0) Object.assign(asObject(part) ?? {}, { annotations });
  });
}

/** Copies the recorded fields of a response, within the limits. */
export function keptResponse(response: unknown, limits: TextLimits | undefined): object | undefined {
  if (asObject(response) === undefined) return undefined;
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(FIELDS)) {
    const value = field(response, name) ?? undefined;
    const read = value === undefined ? undefined : FIELDS[name]?.(value);
    if (read !== undefined) kept[name] = read;
  }
  const output = field(response, 'output');
  if (!Array.isArray(output)) return kept;
  const items = new KeptItems(limits);
  kept.output = first(output, MAX_READ).map((item) => items.keep(item));
  return kept;
}

/** Errors may be long and repeat keys. Keys are removed first: in a cut text, they could no longer be recognised. */
export function keptError(error: unknown): object | undefined {
  const message = textField(error, 'message');
  const names = pick(error, ['type', 'code', 'param']);
  return message === undefined || names === undefined
    ? names
    : { ...names, message: withoutCredentials(message) };
}

/** A tool call without its content: the tool, its outcome, and the number of results. */
function keptNamesOf(item: unknown, isTool: boolean): object {
  if (!isTool) return pick(item, TYPE) ?? {};
  const kept: Record<string, unknown> = { ...pick(item, ITEM_NAMES) };
  const environment = pick(field(item, 'environment'), ['type']);
  if (environment !== undefined) kept.environment = environment;
  const error = field(item, 'error') ?? undefined;
  if (error !== undefined) kept.error = pick(error, ['type', 'code']) ?? {};
  if (Array.isArray(field(item, 'results')))
    kept.results = arrayField(item, 'results')
      .slice(0, MAX_READ)
      .map(() => null);
  const outputs = arrayField(item, 'outputs');
  if (outputs.length > 0)
    kept.outputs = outputs.slice(0, MAX_REPEATED).map((output) => pick(output, ['type']));
  const exits = first(arrayField(item, 'output')).flatMap(exitOf);
  if (exits.length > 0) kept.output = exits;
  return kept;
}

/** How a command ended that a shell ran. */
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

/** The trace context of who created it travels there. */
function keptMetadata(metadata: unknown): object | undefined {
  const pairs = objectField({ metadata }, 'metadata');
  if (pairs === undefined) return undefined;
  const kept: Record<string, string> = {};
  let seen = 0;
  for (const key in pairs) {
    if (++seen > MAX_KEPT_PAIRS) break;
    const value = stringField(pairs, key);
    if (value !== undefined && value.length <= MAX_PAIR_LENGTH && key !== '__proto__') kept[key] = value;
  }
  return kept;
}
