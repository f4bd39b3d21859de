import { KeptText, type TextLimits, TextRoom } from '../../telemetry/kept-text.ts';
import type { Accumulator } from '../../telemetry/operation.ts';
import { countField, field, MAX_READ, textField } from '../../util/payload.ts';
import { countSkippedItemCalls, isRecordedCall } from './items.ts';
import { KeptItems, keptError, keptResponse } from './kept-response.ts';

/** Builds an unfinished item from its text, by the type of the delta event. */
type Build = (text: string, originalLength?: number) => object;
const UNFINISHED: ReadonlyMap<unknown, Build> = new Map<unknown, Build>([
  ['response.output_text.delta', (text, length) => ({ content: [part('output_text', { text }, length)] })],
  ['response.refusal.delta', (refusal, length) => ({ content: [part('refusal', { refusal }, length)] })],
  [
    'response.reasoning_text.delta',
    (text, length) => ({ content: [part('reasoning_text', { text }, length)] }),
  ],
  [
    'response.reasoning_summary_text.delta',
    (text, length) => ({ summary: [part('summary_text', { text }, length)] }),
  ],
  ['response.function_call_arguments.delta', (text, length) => ({ arguments: markCut(text, length) })],
  ['response.mcp_call_arguments.delta', (text, length) => ({ arguments: markCut(text, length) })],
  ['response.custom_tool_call_input.delta', (text, length) => ({ input: markCut(text, length) })],
  ['response.code_interpreter_call_code.delta', (text, length) => ({ code: markCut(text, length) })],
]);

function part(type: string, text: object, length: number | undefined): object {
  return length === undefined ? { type, ...text } : { type, ...text, original_length: length };
}

function markCut(text: string, length: number | undefined): string {
  return length === undefined ? text : `${text}…`;
}

interface Unfinished {
  readonly text: KeptText;
  readonly build: Build;
}

/**
 * Accumulates the events of a response. The last event contains the whole response. If the stream ends earlier, the
 * result is the response as created, with the items received so far.
 */
export class ResponseAccumulator implements Accumulator {
  readonly #limits: TextLimits | undefined;
  readonly #kept: KeptItems;
  readonly #room: TextRoom | undefined;
  /** The response object of the latest lifecycle event. */
  #response: object | undefined;
  /** Tool calls of its output for which there was no room. */
  #skippedInResponse = 0;
  #error: unknown;
  readonly #items = new Map<number, object>();
  #skippedItems = 0;
  contentChunks = 0;
  readonly #unfinished = new Map<number, Unfinished>();

  /** @param limits of text; `undefined` where content is not recorded */
  constructor(limits: TextLimits | undefined) {
    this.#limits = limits;
    this.#kept = new KeptItems(limits);
    this.#room = limits && new TextRoom(limits.text, limits.answer);
  }

  get skippedCalls(): number {
    return this.#isComplete ? this.#skippedInResponse : this.#skippedItems;
  }

  add(event: unknown): boolean | undefined {
    const type = field(event, 'type');
    const build = UNFINISHED.get(type);
    if (build !== undefined) {
      if (field(event, 'delta') !== '') this.contentChunks++;
      if (this.#room !== undefined) this.#addPiece(event, build, this.#room);
    } else if (type === 'response.output_item.added' || type === 'response.output_item.done') {
      this.#addItem(event, type === 'response.output_item.added');
    } else if (type === 'error') {
      this.#error = keptError(event);
    } else {
      this.#addResponse(field(event, 'response'));
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
    this.#response = kept;
    const output = field(response, 'output');
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
    this.#unfinished.delete(index);
  }

  #addPiece(event: unknown, build: Build, room: TextRoom): void {
    const index = countField(event, 'output_index');
    if (index === undefined || !this.#items.has(index)) return;
    let unfinished = this.#unfinished.get(index);
    if (unfinished?.build !== build) {
      unfinished = { text: new KeptText(), build };
      this.#unfinished.set(index, unfinished);
    }
    unfinished.text.add(textField(event, 'delta') ?? '', room);
  }

  #seenOutput(): unknown[] {
    return [...this.#items]
      .sort(([left], [right]) => left - right)
      .map(([index, item]) => {
        const unfinished = this.#unfinished.get(index);
        if (unfinished === undefined) return item;
        const { text, build } = unfinished;
        return { ...item, ...build(text.text, text.isCut ? text.length : undefined) };
      });
  }
}
