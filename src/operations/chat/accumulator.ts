import { arrayField, asObject, countField, field, isCount, objectField, textField } from '../../payload.ts';
import type { Accumulator } from '../../telemetry/operation.ts';

/** Choices, and tool calls of a choice, beyond these are not kept: an index is whatever a server sends. */
export const MAX_CHOICES: number = 128;
const MAX_TOOL_CALLS = 128;

/** What is read of every chunk. */
interface Chunk {
  readonly id?: unknown;
  readonly usage?: unknown;
  readonly choices?: unknown;
}

interface ChoicePiece {
  readonly index?: unknown;
  readonly finish_reason?: unknown;
  readonly delta?: unknown;
}

interface MessagePiece {
  readonly tool_calls?: unknown;
}

const NOTHING = {};

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

  /** Fields are read by their names, which takes a tenth of the time that accessors take: there are many chunks. */
  add(chunk: unknown): void {
    const { id, usage, choices } = (asObject(chunk) ?? NOTHING) as Chunk;
    if (this.#head === undefined || (typeof id === 'string' && id !== '')) this.#head = chunk;
    if (usage !== undefined && usage !== null) this.#usage = usage;
    if (!Array.isArray(choices)) return;
    for (let position = 0; position < choices.length; position++) this.#addChoice(choices[position]);
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

  #addChoice(piece: unknown): void {
    const {
      index: position,
      finish_reason: reasonGiven,
      delta,
    } = (asObject(piece) ?? NOTHING) as ChoicePiece;
    const index = isCount(position) ? position : 0;
    const reason = typeof reasonGiven === 'string' && reasonGiven !== '' ? reasonGiven : undefined;
    const message = asObject(delta);
    const toolCalls = message === undefined ? undefined : (message as MessagePiece).tool_calls;
    // Which tools are asked for is no content; what they are given is.
    const keepsMessage = this.#content || (Array.isArray(toolCalls) && toolCalls.length > 0);
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
