import { KeptText, type TextLimits, TextRoom } from '../../telemetry/kept-text.ts';
import { keptNames, keptNumbers } from '../../telemetry/kept-values.ts';
import type { Accumulator } from '../../telemetry/operation.ts';
import {
  arrayField,
  asName,
  countField,
  field,
  first,
  MAX_REPEATED,
  stringField,
  textField,
} from '../../util/payload.ts';
import { reportedError } from '../answer-failure.ts';

interface CompletionChoice {
  text: KeptText | undefined;
  finish_reason?: string;
  error?: unknown;
}

/** Accumulates the chunks of a legacy completion, with its texts if content is recorded. */
export class TextCompletionAccumulator implements Accumulator {
  readonly #room: TextRoom | undefined;
  readonly #choices: CompletionChoice[] = [];
  #id: string | undefined;
  #head: object | undefined;
  #usage: unknown;
  contentChunks = 0;

  /** @param limits of text; `undefined` where content is not recorded */
  constructor(limits: TextLimits | undefined) {
    if (limits !== undefined) this.#room = new TextRoom(limits.text, limits.span);
  }

  add(chunk: unknown): undefined {
    const id = field(chunk, 'id');
    if (this.#head === undefined || (id !== this.#id && asName(id) !== undefined)) {
      this.#id = asName(id);
      this.#head = keptNames(chunk);
    }
    const usage = field(chunk, 'usage') ?? undefined;
    if (usage !== undefined) this.#usage = keptNumbers(usage);
    const choices = first(arrayField(chunk, 'choices'));
    if (choices.some((choice) => textField(choice, 'text') !== undefined)) this.contentChunks++;
    for (const choice of choices) this.#addChoice(choice);
  }

  get hasEnd(): boolean {
    const seen = Object.values(this.#choices);
    return (
      seen.length > 0 && seen.every(({ finish_reason, error }) => (finish_reason ?? error) !== undefined)
    );
  }

  result(): unknown {
    return {
      id: field(this.#head, 'id'),
      model: field(this.#head, 'model'),
      system_fingerprint: field(this.#head, 'system_fingerprint'),
      choices: this.#choices.filter((choice) => choice !== undefined).map(completeTextChoice),
      usage: this.#usage,
    };
  }

  #addChoice(delta: unknown): void {
    const index = countField(delta, 'index') ?? 0;
    const reason = stringField(delta, 'finish_reason');
    const error = reportedError(delta);
    if (index >= MAX_REPEATED || (reason === undefined && error === undefined && this.#room === undefined))
      return;
    this.#choices[index] ??= { text: undefined };
    const choice = this.#choices[index];
    if (reason !== undefined) choice.finish_reason = reason;
    if (error !== undefined) choice.error = error;
    if (this.#room === undefined) return;
    choice.text ??= new KeptText();
    choice.text.add(textField(delta, 'text') ?? '', this.#room);
  }
}

function completeTextChoice({ text, ...choice }: CompletionChoice): object {
  if (text === undefined) return choice;
  return { ...choice, text: text.text, ...(text.isCut ? { original_length: text.length } : {}) };
}
