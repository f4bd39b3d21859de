import {
  arrayField,
  asObject,
  countField,
  field,
  first,
  isCount,
  MAX_REPEATED,
  objectField,
  textField,
} from '../../payload.ts';
import type { Accumulator } from '../../telemetry/operation.ts';

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
  readonly function_call?: unknown;
  readonly audio?: unknown;
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
  function_call?: CalledFunction;
  audio?: { id: string | undefined; transcript: string; data: string; expires_at: number | undefined };
}

interface ToolCall {
  id?: string;
  type: string;
  function?: CalledFunction;
  custom?: { name: string; input: string };
}

interface CalledFunction {
  name: string;
  arguments: string;
}

/** Texts that come in pieces, by what they are of; without content no more than a name. */
const NAME = ['name'] as const;
const FUNCTION = ['name', 'arguments'] as const;
const CUSTOM = ['name', 'input'] as const;
const AUDIO = ['transcript', 'data'] as const;

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
    for (let position = 0; position < choices.length && position < MAX_REPEATED; position++)
      this.#addChoice(choices[position]);
  }

  result(): unknown {
    const head = this.#head;
    for (const choice of this.#choices) {
      const audio = choice?.message?.audio;
      if (audio !== undefined) audio.data = joinBase64(audio.data);
    }
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
    const message = (asObject(delta) ?? NOTHING) as MessagePiece;
    const { tool_calls: toolCalls, function_call: called } = message;
    // Which tools are asked for is no content; what they are given is.
    const keepsMessage =
      this.#content ||
      (Array.isArray(toolCalls) && toolCalls.length > 0) ||
      (called !== undefined && called !== null);
    if (index >= MAX_REPEATED || (reason === undefined && !keepsMessage)) return;
    let choice = this.#choices[index];
    if (choice === undefined) {
      choice = { index };
      this.#choices[index] = choice;
    }
    if (reason !== undefined) choice.finish_reason = reason;
    if (keepsMessage) addMessage(choice, message, this.#content);
  }
}

function addMessage(choice: Choice, delta: MessagePiece, content: boolean): void {
  choice.message ??= { role: 'assistant', content: '', refusal: '', reasoning_content: '', tool_calls: [] };
  const { message } = choice;
  const { function_call: called, audio } = delta;
  for (const call of first(arrayField(delta, 'tool_calls'))) addToolCall(message, call, content);
  if (called !== undefined && called !== null) {
    message.function_call ??= { name: '', arguments: '' };
    addTexts(message.function_call, called, content ? FUNCTION : NAME);
  }
  if (!content) return;
  if (audio !== undefined && audio !== null) addAudio(message, audio);
  message.role = textField(delta, 'role') ?? message.role;
  message.content += textField(delta, 'content') ?? '';
  message.refusal += textField(delta, 'refusal') ?? '';
  message.reasoning_content += textField(delta, 'reasoning_content') ?? '';
}

function addToolCall(message: ChoiceMessage, delta: unknown, content: boolean): void {
  const index = countField(delta, 'index') ?? 0;
  if (index >= MAX_REPEATED) return;
  message.tool_calls[index] ??= { type: textField(delta, 'type') ?? 'function' };
  const call = message.tool_calls[index];
  const id = textField(delta, 'id');
  if (id !== undefined) call.id = id;
  const custom = objectField(delta, 'custom');
  if (custom === undefined) {
    call.function ??= { name: '', arguments: '' };
    addTexts(call.function, objectField(delta, 'function'), content ? FUNCTION : NAME);
  } else {
    call.type = 'custom';
    call.custom ??= { name: '', input: '' };
    addTexts(call.custom, custom, content ? CUSTOM : NAME);
  }
}

function addAudio(message: ChoiceMessage, delta: unknown): void {
  message.audio ??= { id: undefined, transcript: '', data: '', expires_at: undefined };
  const { audio } = message;
  audio.id = textField(delta, 'id') ?? audio.id;
  audio.expires_at = countField(delta, 'expires_at') ?? audio.expires_at;
  addTexts(audio, delta, AUDIO);
}

function addTexts<Key extends string>(to: Record<Key, string>, delta: unknown, keys: readonly Key[]): void {
  for (const key of keys) to[key] += textField(delta, key) ?? '';
}

/** Each piece of sound is base64 of its own: where one ends in padding, they are no base64 together. */
function joinBase64(pieces: string): string {
  if (!/=[^=]/.test(pieces)) return pieces;
  try {
    return btoa(pieces.replace(/[^=]+=*/g, (piece) => atob(piece)));
  } catch {
    return pieces;
  }
}
