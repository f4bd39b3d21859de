import { arrayField, countField, field, first, MAX_REPEATED, textField } from '../../payload.ts';
import type { Accumulator } from '../../telemetry/operation.ts';

interface Choice {
  text?: string;
  finish_reason?: string;
}

/** Puts the chunks of a legacy completion together into the completion, its texts only where asked for. */
export class TextCompletionAccumulator implements Accumulator {
  readonly #content: boolean;
  readonly #choices: Choice[] = [];
  #head: unknown;
  #usage: unknown;

  constructor(content: boolean) {
    this.#content = content;
  }

  add(chunk: unknown): void {
    if (this.#head === undefined || textField(chunk, 'id') !== undefined) this.#head = chunk;
    this.#usage = field(chunk, 'usage') ?? this.#usage;
    for (const choice of first(arrayField(chunk, 'choices'))) this.#addChoice(choice);
  }

  result(): unknown {
    return {
      id: field(this.#head, 'id'),
      model: field(this.#head, 'model'),
      system_fingerprint: field(this.#head, 'system_fingerprint'),
      choices: this.#choices.filter((choice) => choice !== undefined),
      usage: this.#usage,
    };
  }

  #addChoice(delta: unknown): void {
    const index = countField(delta, 'index') ?? 0;
    const reason = textField(delta, 'finish_reason');
    if (index >= MAX_REPEATED || (reason === undefined && !this.#content)) return;
    this.#choices[index] ??= {};
    const choice = this.#choices[index];
    if (reason !== undefined) choice.finish_reason = reason;
    if (this.#content) choice.text = (choice.text ?? '') + (textField(delta, 'text') ?? '');
  }
}
