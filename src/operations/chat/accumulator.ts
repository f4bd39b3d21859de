import { type TextLimits, TextRoom } from '../../telemetry/kept-text.ts';
import { keptNumbers } from '../../telemetry/kept-values.ts';
import type { Accumulator } from '../../telemetry/operation.ts';
import {
  asName,
  countField,
  first,
  isCount,
  MAX_REPEATED,
  objectField,
  stringField,
  tolerant,
} from '../../util/payload.ts';
import { reportedError } from '../answer-failure.ts';
import { addCitations } from '../citations.ts';
import { reasoningOf } from './messages.ts';
import {
  addAudio,
  addCalled,
  addContentParts,
  ChoiceMessage,
  completeChoice,
  findCall,
  newCalled,
  Room,
  type StreamedChoice,
} from './streamed-choice.ts';

/** The fields that are read of every chunk. */
interface Chunk {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly service_tier?: unknown;
  readonly system_fingerprint?: unknown;
  readonly usage?: unknown;
  /** Groq puts the usage here unless the program asks for it. */
  readonly x_groq?: unknown;
  readonly choices?: unknown;
}

interface ChoicePiece {
  readonly index?: unknown;
  readonly finish_reason?: unknown;
  readonly delta?: unknown;
  readonly error?: unknown;
}

interface MessagePiece {
  readonly role?: unknown;
  readonly content?: unknown;
  readonly refusal?: unknown;
  readonly reasoning_content?: unknown;
  /** The same under the name that OpenRouter, Groq, Ollama and vLLM use. */
  readonly reasoning?: unknown;
  readonly tool_calls?: unknown;
  readonly function_call?: unknown;
  readonly audio?: unknown;
  readonly annotations?: unknown;
}

const NO_ITEMS = {};

/**
 * Characters of all the arguments in a stream that are kept until its end, also without content: by their hash the calls are
 * found again when they are answered.
 */
const MAX_ARGUMENTS_LENGTH = 65_536;

/** Accumulates the chunks of a chat completion. It keeps messages only if content is recorded. */
export class ChatAccumulator implements Accumulator {
  readonly #room: Room | undefined;
  readonly #choices: StreamedChoice[] = [];
  #begun = false;
  #id: string | undefined;
  #model: unknown;
  #serviceTier: unknown;
  #fingerprint: unknown;
  #usage: unknown;
  /** Moonshot's is in the choice. */
  #choiceUsage: unknown;
  #calls = 0;
  #arguments: TextRoom | undefined;
  /** Whether the chunk completes a choice. */
  #completes = false;
  skippedCalls = 0;
  contentChunks = 0;

  /** @param limits of text; `undefined` where content is not recorded */
  constructor(limits: TextLimits | undefined) {
    if (limits !== undefined) this.#room = new Room(limits);
  }

  /**
   * Reads fields by literal names, which takes a tenth of the time of the accessors.
   *
   * @param tolerates whether the chunk is a view in which no field throws
   */
  add(chunk: unknown, tolerates: boolean = false): boolean | undefined {
    try {
      const { id, model, service_tier, system_fingerprint, usage, x_groq, choices } = (chunk ??
        NO_ITEMS) as Chunk;
      // Some servers leave out of most chunks which response they are part of.
      if (!this.#begun || (typeof id === 'string' && id !== '')) {
        this.#begun = true;
        if (id !== this.#id) this.#id = asName(id);
        if (model !== this.#model) this.#model = asName(model);
        if (service_tier !== this.#serviceTier) this.#serviceTier = asName(service_tier) ?? this.#serviceTier;
        if (system_fingerprint !== this.#fingerprint)
          this.#fingerprint = asName(system_fingerprint) ?? this.#fingerprint;
      }
      if (usage !== undefined && usage !== null) this.#usage = keptNumbers(usage);
      else if (x_groq !== undefined) this.#usage = keptNumbers(objectField(x_groq, 'usage')) ?? this.#usage;
      if (!Array.isArray(choices)) return undefined;
      let hasContent = false;
      for (let position = 0; position < choices.length && position < MAX_REPEATED; position++)
        if (this.#addChoice(choices[position])) hasContent = true;
      if (hasContent) this.contentChunks++;
      if (!this.#completes) return undefined;
      this.#completes = false;
      return true;
    } catch (error) {
      if (tolerates) throw error;
      return this.add(tolerant(chunk), true);
    }
  }

  get hasEnd(): boolean {
    const seen = Object.values(this.#choices);
    return seen.length > 0 && seen.every(hasFinished);
  }

  result(): unknown {
    return {
      id: this.#id,
      model: this.#model,
      service_tier: this.#serviceTier,
      system_fingerprint: this.#fingerprint,
      // Servers may leave out an index.
      choices: Object.values(this.#choices).map(completeChoice),
      // Of several choices, none has the usage of all.
      usage: this.#usage ?? (this.#choices[1] ? undefined : this.#choiceUsage),
    };
  }

  /** @returns whether the piece is content: text, or a part of a tool call or of audio */
  #addChoice(piece: unknown, tolerates: boolean = false): boolean {
    try {
      const {
        index: position,
        finish_reason: reasonGiven,
        delta,
        error,
      } = (piece ?? NO_ITEMS) as ChoicePiece;
      const index = isCount(position) ? position : 0;
      const reason = typeof reasonGiven === 'string' ? asName(reasonGiven) : undefined;
      const message = (typeof delta === 'object' && delta !== null ? delta : NO_ITEMS) as MessagePiece;
      const { content, refusal, reasoning_content, reasoning, audio } = message;
      const { tool_calls: toolCalls, function_call: called } = message;
      const calls =
        (Array.isArray(toolCalls) && toolCalls.length > 0) || (called !== undefined && called !== null);
      // Written out for `content`: this runs for each chunk.
      const hasContent =
        calls ||
        (typeof content === 'string' ? content !== '' : Array.isArray(content) && content.length > 0) ||
        isPiece(refusal) ||
        isPiece(reasoning_content) ||
        isPiece(reasoning) ||
        (audio ?? undefined) !== undefined;
      // The names of tools are not content; their arguments are.
      const keepsMessage = this.#room !== undefined || calls;
      const isBroken = error !== undefined && error !== null;
      if (index >= MAX_REPEATED || (reason === undefined && !isBroken && !keepsMessage)) return hasContent;
      let choice = this.#choices[index];
      if (choice === undefined) {
        choice = { index };
        this.#choices[index] = choice;
      }
      if (reason !== undefined) {
        choice.finish_reason = reason;
        this.#choiceUsage ??= keptNumbers(objectField(piece, 'usage'));
        this.#completes = true;
      }
      if (isBroken) choice.error ??= reportedError(piece);
      if (keepsMessage) this.#addMessage(choice, message);
      return hasContent;
    } catch (error) {
      if (tolerates) throw error;
      return this.#addChoice(tolerant(piece), true);
    }
  }

  #addMessage(choice: StreamedChoice, delta: MessagePiece): void {
    choice.message ??= new ChoiceMessage();
    const { message } = choice;
    const { tool_calls: calls, function_call: called, audio, role } = delta;
    if (Array.isArray(calls)) for (const call of first(calls)) this.#addToolCall(message, call);
    if (called !== undefined && called !== null) {
      message.called ??= newCalled();
      addCalled(message.called, called, 'arguments', this.#room);
    }
    if (this.#room === undefined) return;
    if (audio !== undefined && audio !== null) addAudio(message, audio, this.#room);
    if (role !== undefined) message.role = asName(role) ?? message.role;
    const { content, refusal, annotations } = delta;
    if (Array.isArray(annotations))
      message.annotations = addCitations(message.annotations ?? [], annotations);
    if (typeof content === 'string') message.content.add(content, this.#room.messages);
    else if (Array.isArray(content)) addContentParts(message, content, this.#room);
    if (typeof refusal === 'string') message.refusal.add(refusal, this.#room.messages);
    const reasoning = reasoningOf(delta);
    if (reasoning !== undefined) message.reasoning_content.add(reasoning, this.#room.messages);
  }

  #addToolCall(message: ChoiceMessage, delta: unknown): void {
    const id = stringField(delta, 'id');
    let call = findCall(message.calls, delta, id);
    if (call === undefined) {
      const index = countField(delta, 'index') ?? message.calls.length;
      if (index >= MAX_REPEATED || this.#calls >= MAX_REPEATED) {
        // The first piece of a call has its id.
        if (id !== undefined) this.skippedCalls++;
        return;
      }
      this.#calls++;
      call = { index, type: stringField(delta, 'type') ?? 'function' };
      message.calls.push(call);
    }
    if (id !== undefined) call.id = id;
    this.#arguments ??= new TextRoom(MAX_ARGUMENTS_LENGTH, MAX_ARGUMENTS_LENGTH);
    const custom = objectField(delta, 'custom');
    if (custom === undefined) {
      call.function ??= newCalled();
      addCalled(call.function, objectField(delta, 'function'), 'arguments', this.#room, this.#arguments);
    } else {
      call.type = 'custom';
      call.custom ??= newCalled();
      addCalled(call.custom, custom, 'input', this.#room, this.#arguments);
    }
  }
}

function hasFinished({ finish_reason, error }: StreamedChoice): boolean {
  return finish_reason !== undefined || error !== undefined;
}

function isPiece(text: unknown): boolean {
  return typeof text === 'string' && text !== '';
}
