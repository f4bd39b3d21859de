import { arrayField, countField, field, objectField, textField } from '../../payload.ts';
import type { Accumulator } from '../../telemetry/operation.ts';

/** Choices, and tool calls of a choice, beyond these are not kept: an index is whatever a server sends. */
export const MAX_CHOICES: number = 128;
const MAX_TOOL_CALLS = 128;

interface Choice {
  index: number;
  finish_reason?: string;
  message?: ChoiceMessage;
}

interface ChoiceMessage {
  role: string;
  content: string;
  refusal: string;
  reasoning_content: string;
  tool_calls: ToolCall[];
}

interface ToolCall {
  id?: string;
  type: 'function';
  function: { name: string; arguments: string };
}

/** Puts the chunks of a chat completion together into the completion, its messages only where asked for. */
export class ChatAccumulator implements Accumulator {
  readonly #content: boolean;
  readonly #choices: Choice[] = [];
  /** The newest chunk that said which response it is part of: some servers leave that out of others. */
  #head: unknown;
  #usage: unknown;

  constructor(content: boolean) {
    this.#content = content;
  }

  add(chunk: unknown): void {
    if (this.#head === undefined || textField(chunk, 'id') !== undefined) this.#head = chunk;
    const usage = field(chunk, 'usage');
    if (usage !== undefined && usage !== null) this.#usage = usage;
    for (const choice of arrayField(chunk, 'choices')) this.#addChoice(choice);
  }

  result(): unknown {
    const head = this.#head;
    return {
      id: field(head, 'id'),
      model: field(head, 'model'),
      service_tier: field(head, 'service_tier'),
      system_fingerprint: field(head, 'system_fingerprint'),
      choices: this.#choices.filter((choice) => choice !== undefined),
      usage: this.#usage,
    };
  }

  #addChoice(delta: unknown): void {
    const index = countField(delta, 'index') ?? 0;
    const reason = textField(delta, 'finish_reason');
    const message = objectField(delta, 'delta');
    // Which tools are asked for is no content; what they are given is.
    const keepsMessage = this.#content || arrayField(message, 'tool_calls').length > 0;
    if (index >= MAX_CHOICES || (reason === undefined && !keepsMessage)) return;
    let choice = this.#choices[index];
    if (choice === undefined) {
      choice = { index };
      this.#choices[index] = choice;
    }
    if (reason !== undefined) choice.finish_reason = reason;
    if (keepsMessage) addMessage(choice, message, this.#content);
  }
}

function addMessage(choice: Choice, delta: unknown, content: boolean): void {
  choice.message ??= { role: 'assistant', content: '', refusal: '', reasoning_content: '', tool_calls: [] };
  const { message } = choice;
  for (const call of arrayField(delta, 'tool_calls')) addToolCall(message, call, content);
  if (!content) return;
  message.role = textField(delta, 'role') ?? message.role;
  message.content += textField(delta, 'content') ?? '';
  message.refusal += textField(delta, 'refusal') ?? '';
  message.reasoning_content += textField(delta, 'reasoning_content') ?? '';
}

function addToolCall(message: ChoiceMessage, delta: unknown, content: boolean): void {
  const index = countField(delta, 'index') ?? 0;
  if (index >= MAX_TOOL_CALLS) return;
  message.tool_calls[index] ??= { type: 'function', function: { name: '', arguments: '' } };
  const call = message.tool_calls[index];
  const id = textField(delta, 'id');
  if (id !== undefined) call.id = id;
  const called = objectField(delta, 'function') ?? objectField(delta, 'custom');
  call.function.name += textField(called, 'name') ?? '';
  if (content) call.function.arguments += textField(called, 'arguments') ?? textField(called, 'input') ?? '';
}
