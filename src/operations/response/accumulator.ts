import { asObject, countField, field, MAX_READ, textField } from '../../payload.ts';
import type { Accumulator } from '../../telemetry/operation.ts';

/** What an item looks like when only a part of it has come, by the event that brings the next piece of it. */
const UNFINISHED: ReadonlyMap<unknown, (text: string) => object> = new Map<unknown, (text: string) => object>(
  [
    ['response.output_text.delta', (text) => ({ content: [{ type: 'output_text', text }] })],
    ['response.refusal.delta', (refusal) => ({ content: [{ type: 'refusal', refusal }] })],
    ['response.reasoning_text.delta', (text) => ({ content: [{ type: 'reasoning_text', text }] })],
    ['response.reasoning_summary_text.delta', (text) => ({ summary: [{ type: 'summary_text', text }] })],
    ['response.function_call_arguments.delta', (text) => ({ arguments: text })],
    ['response.mcp_call_arguments.delta', (text) => ({ arguments: text })],
    ['response.custom_tool_call_input.delta', (text) => ({ input: text })],
    ['response.code_interpreter_call_code.delta', (text) => ({ code: text })],
  ],
);

interface Unfinished {
  text: string;
  readonly build: (text: string) => object;
}

/**
 * Puts the events of a response together. The last event holds the whole response; only where a stream is cut
 * before it, the response is what was seen: as it was created, with the items that came.
 */
export class ResponseAccumulator implements Accumulator {
  readonly #content: boolean;
  /** As the newest event of its life has it. */
  #response: unknown;
  #error: unknown;
  readonly #items = new Map<number, unknown>();
  readonly #unfinished = new Map<number, Unfinished>();

  constructor(content: boolean) {
    this.#content = content;
  }

  add(event: unknown): void {
    const type = field(event, 'type');
    const build = UNFINISHED.get(type);
    if (build !== undefined) {
      if (this.#content) this.#addPiece(event, build);
    } else if (type === 'response.output_item.added' || type === 'response.output_item.done') {
      this.#addItem(event);
    } else if (type === 'error') {
      this.#error = event;
    } else {
      this.#response = asObject(field(event, 'response')) ?? this.#response;
    }
  }

  result(): unknown {
    const response = asObject(this.#response);
    const { output } = response ?? {};
    const complete = Array.isArray(output) && output.length >= this.#items.size;
    if (complete && this.#error === undefined) return response;
    return {
      ...response,
      output: complete ? output : this.#seenOutput(),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  #addItem(event: unknown): void {
    const index = countField(event, 'output_index');
    if (index === undefined || index >= MAX_READ) return;
    this.#items.set(index, field(event, 'item'));
    this.#unfinished.delete(index);
  }

  #addPiece(event: unknown, build: (text: string) => object): void {
    const index = countField(event, 'output_index');
    if (index === undefined || !this.#items.has(index)) return;
    const piece = textField(event, 'delta') ?? '';
    const unfinished = this.#unfinished.get(index);
    if (unfinished?.build === build) unfinished.text += piece;
    else this.#unfinished.set(index, { text: piece, build });
  }

  #seenOutput(): unknown[] {
    return [...this.#items]
      .sort(([left], [right]) => left - right)
      .map(([index, item]) => {
        const unfinished = this.#unfinished.get(index);
        return unfinished === undefined ? item : { ...asObject(item), ...unfinished.build(unfinished.text) };
      });
  }
}
