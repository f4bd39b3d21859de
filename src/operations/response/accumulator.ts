import { KeptText, type TextLimits, type TextRoom } from '../../telemetry/content/kept-content.ts';
import { plainError } from '../../telemetry/content/plain-data.ts';
import { laterUsage } from '../../telemetry/cost/usage.ts';
import type { Accumulator } from '../../telemetry/operation.ts';
import {
  arrayField,
  asArray,
  asName,
  countField,
  field,
  first,
  MAX_READ,
  MAX_REPEATED,
  objectField,
  row,
  stringField,
  textField,
} from '../../util/payload.ts';
import { textOfPart } from '../content-parts.ts';
import { countSkippedItemCalls, isRecordedCall } from './items.ts';
import { KeptItems, keptResponse, REFUSAL } from './kept-response.ts';

/**
 * Where the text of a delta event belongs: in a field of the item or, with `part`, in a part listed in that
 * field.
 */
interface TextPlace {
  readonly order: number;
  readonly field: string;
  readonly part: string | undefined;
  /** The field of the event with the index of the part. */
  readonly index: string;
}

const TEXT_ROWS: readonly (readonly [type: string, field: string, part?: string])[] = [
  ['output_text', 'content', 'output_text'],
  ['refusal', 'content', 'refusal'],
  ['reasoning_text', 'content', 'reasoning_text'],
  ['reasoning_summary_text', 'summary', 'summary_text'],
  ['function_call_arguments', 'arguments'],
  ['mcp_call_arguments', 'arguments'],
  ['custom_tool_call_input', 'input'],
  ['code_interpreter_call_code', 'code'],
];
const PLACES: ReadonlyMap<unknown, TextPlace> = new Map(
  TEXT_ROWS.map(([type, name, part], order) => [
    `response.${type}.delta`,
    { order, field: name, part, index: `${name}_index` },
  ]),
);

const STATUSES: Readonly<Record<string, string>> = {
  'response.completed': 'completed',
  'response.incomplete': 'incomplete',
  'response.failed': 'failed',
  'response.cancelled': 'cancelled',
};
const ENDS: ReadonlySet<unknown> = new Set([...Object.keys(STATUSES), 'response.done']);

/** The response in an event of its stream. If the server sends no status, the event's type provides it. */
export function responseIn(event: unknown): unknown {
  const response = objectField(event, 'response');
  const status = row(STATUSES, stringField(event, 'type'));
  if (response === undefined || status === undefined) return response;
  return field(response, 'status') === undefined ? { ...response, status } : response;
}

interface Unfinished {
  readonly text: KeptText;
  readonly place: TextPlace;
  readonly item: number;
}

/**
 * Usually, the last event contains the whole response. Otherwise, the result is the latest response object,
 * with the items received so far.
 */
export class ResponseAccumulator implements Accumulator {
  readonly #limits: TextLimits | undefined;
  readonly #kept: KeptItems;
  readonly #room: TextRoom | undefined;
  #response: object | undefined;
  /** How many tool calls in the output of `#response` get no span. */
  #skippedInResponse = 0;
  #error: unknown;
  readonly #items = new Map<number, object>();
  #skippedItems = 0;
  contentChunks = 0;
  hasToken = false;
  hasEnd = false;
  /**
   * Texts that arrive in pieces, until their item is complete. Their keys sort by item, then part, then type.
   */
  readonly #unfinished = new Map<number, Unfinished>();

  constructor(limits: TextLimits | undefined) {
    this.#limits = limits;
    this.#kept = new KeptItems(limits);
    this.#room = limits && { maxText: limits.text, left: limits.answer };
  }

  get skippedCalls(): number {
    return this.#isComplete ? this.#skippedInResponse : this.#skippedItems;
  }

  add(event: unknown): boolean | undefined {
    const type = field(event, 'type');
    const place = PLACES.get(type);
    if (place !== undefined) {
      if (field(event, 'delta') !== '') {
        this.contentChunks++;
        this.hasToken = true;
      }
      if (this.#room !== undefined) this.#addPiece(event, place, this.#room);
      else if (place.part === 'refusal') this.#addRefusal(event);
    } else if (type === 'response.output_item.added' || type === 'response.output_item.done') {
      this.#addItem(event, type === 'response.output_item.added');
    } else if (type === 'error') {
      this.#error = plainError(event);
      this.hasEnd = true;
    } else {
      // Audio, for example.
      if (asName(type)?.endsWith('.delta') && field(event, 'delta') !== '') this.hasToken = true;
      this.#addResponse(responseIn(event));
      if (ENDS.has(type)) this.hasEnd = true;
      return type === 'response.completed' || type === 'response.incomplete';
    }
    return undefined;
  }

  result(): unknown {
    const response = this.#response;
    if (this.#isComplete && this.#error === undefined) return response;
    return {
      ...response,
      output: this.#isComplete ? field(response, 'output') : this.#seenOutput(),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  get #isComplete(): boolean {
    const output = field(this.#response, 'output');
    return Array.isArray(output) && output.length >= this.#items.size;
  }

  #addResponse(response: unknown): void {
    const kept = keptResponse(response, this.#limits);
    if (kept === undefined) return;
    // A later event may lack what an earlier one reported.
    const usage = laterUsage(objectField(this.#response, 'usage'), field(kept, 'usage'));
    this.#response = { ...this.#response, ...kept, ...(usage === undefined ? {} : { usage }) };
    const output = field(response, 'output');
    if (!this.hasToken) this.hasToken = first(asArray(output)).some(hasTokens);
    this.#skippedInResponse = Array.isArray(output) ? countSkippedItemCalls(output) : 0;
  }

  #addItem(event: unknown, added: boolean): void {
    const index = countField(event, 'output_index');
    const item = field(event, 'item');
    if (index === undefined || index >= MAX_READ) {
      if (added && isRecordedCall(item)) this.#skippedItems++;
      return;
    }
    this.#items.set(index, this.#kept.keep(item, this.#items.get(index)));
    if (!this.hasToken) this.hasToken = hasTokens(item);
    for (const [key, text] of this.#unfinished) if (text.item === index) this.#unfinished.delete(key);
  }

  #addPiece(event: unknown, place: TextPlace, room: TextRoom): void {
    const item = countField(event, 'output_index');
    if (item === undefined || !this.#items.has(item)) return;
    const part = countField(event, place.index) ?? 0;
    if (part >= MAX_REPEATED) return;
    const key = (item * MAX_REPEATED + part) * TEXT_ROWS.length + place.order;
    let unfinished = this.#unfinished.get(key);
    if (unfinished === undefined) {
      if (this.#unfinished.size >= MAX_READ) return;
      unfinished = { text: new KeptText(), place, item };
      this.#unfinished.set(key, unfinished);
    }
    unfinished.text.add(textField(event, 'delta') ?? '', room);
  }

  /** Called if content is not recorded. */
  #addRefusal(event: unknown): void {
    const index = countField(event, 'output_index');
    const item = index === undefined ? undefined : this.#items.get(index);
    if (index !== undefined && item !== undefined) this.#items.set(index, { ...item, content: REFUSAL });
  }

  #seenOutput(): unknown[] {
    const texts = byKey(this.#unfinished);
    return byKey(this.#items).map(([index, item]) => {
      const own = texts.filter(([, text]) => text.item === index);
      return own.length === 0 ? item : { ...item, ...fieldsOfTexts(own) };
    });
  }
}

/** Some servers send whole items. */
function hasTokens(item: unknown): boolean {
  const parts = [...first(arrayField(item, 'content')), ...first(arrayField(item, 'summary'))];
  return parts.some((part) => textOfPart(part) !== undefined) || textField(item, 'arguments') !== undefined;
}

function byKey<Value>(map: ReadonlyMap<number, Value>): [number, Value][] {
  return [...map].sort(([left], [right]) => left - right);
}

function fieldsOfTexts(texts: readonly [number, Unfinished][]): object {
  const fields: Record<string, unknown> = {};
  for (const [, { text: kept, place }] of texts) {
    const { text, isCut } = kept;
    const { field: name, part } = place;
    const original_length = isCut ? kept.length : undefined;
    fields[name] =
      part === undefined
        ? kept.marked
        : [
            ...asArray(fields[name]),
            { type: part, [part === 'refusal' ? part : 'text']: text, original_length },
          ];
  }
  return fields;
}
