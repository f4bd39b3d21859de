import {
  KeptText,
  keptNumbers,
  keptValue,
  mediaRoom,
  type TextLimits,
  type TextRoom,
} from '../../telemetry/content/kept-content.ts';
import { parseJson } from '../../telemetry/content/messages.ts';
import { laterUsage } from '../../telemetry/cost/usage.ts';
import type { Accumulator } from '../../telemetry/operation.ts';
import { keptFilters } from '../../telemetry/outcomes/content-filter.ts';
import {
  asCount,
  asName,
  asWord,
  countField,
  field,
  fieldsOf,
  first,
  MAX_NAME_LENGTH,
  MAX_REPEATED,
  type PayloadObject,
  stringField,
  textField,
  tolerant,
} from '../../util/payload.ts';
import { addCitations, type Citation } from '../citations.ts';
import { imagesOf, textOfPart } from '../content-parts.ts';
import { reportedError } from '../failures.ts';
import {
  calledIn,
  fingerprintOf,
  givenTo,
  isCustomCall,
  keepFingerprint,
  toolCallsOf,
} from '../tool-calls.ts';
import { reasoningOf } from './messages.ts';

interface StreamedChoice {
  readonly index: number;
  finish_reason?: string;
  error?: unknown;
  /** Set even if content is not recorded. */
  refused?: true;
  content_filter_results?: object;
  message?: ChoiceMessage;
}

/** The texts that get an `original_length` if they are cut. */
const CHAT_TEXT_FIELDS = ['content', 'refusal', 'reasoning_content'] as const;

class ChoiceMessage {
  role = 'assistant';
  readonly content: KeptText = new KeptText();
  readonly refusal: KeptText = new KeptText();
  readonly reasoning_content: KeptText = new KeptText();
  /** Images, and parts of the content that are no text. */
  readonly images: unknown[] = [];
  readonly calls: StreamedToolCall[] = [];
  /** The call in the deprecated `function_call` format, which `tool_calls` replaced. */
  called: StreamedToolCall | undefined;
  audio: Audio | undefined;
  annotations: readonly Citation[] | undefined;
}

class StreamedToolCall {
  readonly index: number;
  type: string;
  id: string | undefined;
  name = '';
  /** The arguments, cut to the length that is recorded. */
  readonly given: KeptText = new KeptText();
  /** The arguments, cut to the length that is kept to identify the call. */
  readonly whole: KeptText = new KeptText();

  constructor(index: number, type: string) {
    this.index = index;
    this.type = type;
  }
}

class Audio {
  id: string | undefined;
  readonly transcript: KeptText = new KeptText();
  readonly data: KeptText = new KeptText();
}

class Room {
  /** The room for messages, which are all recorded on one span. */
  readonly messages: TextRoom;
  /** The room for tool arguments. Each call may record them on a span of its own. */
  readonly toolArguments: TextRoom;
  readonly media: TextRoom = mediaRoom();

  constructor({ text, span, answer }: TextLimits) {
    this.messages = { maxText: text, left: span };
    this.toolArguments = { maxText: text, left: answer };
  }
}

const NO_PIECE: PayloadObject = {};
const OMITTED_IMAGE: object = { type: 'omitted' };

/**
 * How many characters of arguments are kept until a stream ends, even if content is not recorded. When the
 * program answers a call, a hash of the arguments identifies that call.
 */
const MAX_ARGUMENTS_LENGTH = 65_536;

/**
 * Accumulates the chunks of a chat or legacy completion. If content is not recorded, only the tool calls of a
 * message are kept.
 */
export class ChatAccumulator implements Accumulator {
  readonly #room: Room | undefined;
  readonly #choices: StreamedChoice[] = [];
  #id: string | undefined;
  #model: unknown;
  #serviceTier: unknown;
  #fingerprint: unknown;
  #usage: object | undefined;
  /** Whether the latest chunk has a usage and no choices. That ends an answer even without a finish reason. */
  #endsWithUsage = false;
  /** The usage in a choice, where Moonshot sends it. */
  #choiceUsage: unknown;
  #calls = 0;
  #arguments: TextRoom | undefined;
  /** Whether the current chunk completes a choice. */
  #completes = false;
  skippedCalls = 0;
  contentChunks = 0;
  hasToken = false;

  /** @param limits the limits of texts; `undefined` if content is not recorded */
  constructor(limits: TextLimits | undefined) {
    if (limits !== undefined) this.#room = new Room(limits);
  }

  /**
   * Reads fields by literal names, which takes a tenth of the time that helpers such as {@link field} take.
   *
   * @param tolerates whether the chunk is already a {@link tolerant} proxy, in which no field throws
   */
  add(chunk: unknown, tolerates: boolean = false): boolean | undefined {
    try {
      const { id, model, service_tier, system_fingerprint, usage, x_groq, choices } = (chunk ??
        NO_PIECE) as PayloadObject;
      // Some servers send these in few chunks only, or empty ones later.
      if (id !== this.#id) this.#id = asName(id) ?? this.#id;
      if (model !== this.#model) this.#model = asName(model) ?? this.#model;
      if (service_tier !== this.#serviceTier) this.#serviceTier = asName(service_tier) ?? this.#serviceTier;
      if (system_fingerprint !== this.#fingerprint)
        this.#fingerprint = asName(system_fingerprint) ?? this.#fingerprint;
      const hasUsage = typeof usage === 'object' && usage !== null;
      if (hasUsage) this.#usage = laterUsage(this.#usage, usage);
      if (x_groq !== undefined) this.#addGroq(x_groq, hasUsage);
      const isEmpty = !Array.isArray(choices) || choices.length === 0;
      this.#endsWithUsage = isEmpty && (hasUsage || this.#endsWithUsage);
      if (isEmpty) return undefined;
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
    return seen.length > 0 && (this.#endsWithUsage || seen.every(hasFinished));
  }

  result(): unknown {
    return {
      id: this.#id,
      model: this.#model,
      service_tier: this.#serviceTier,
      system_fingerprint: this.#fingerprint,
      // Servers may skip an index, so the array may have holes.
      choices: Object.values(this.#choices).map((choice) => completeChoice(choice, this.#endsWithUsage)),
      // With several choices, the usage in one choice is not the usage of the whole answer.
      usage: this.#usage ?? (this.#choices[1] ? undefined : this.#choiceUsage),
    };
  }

  /** Groq reports usage, and why it stopped an answer, beside the choices. */
  #addGroq(groq: unknown, hasUsage: boolean): void {
    const { usage, error } = fieldsOf(groq);
    if (!hasUsage) this.#usage = laterUsage(this.#usage, usage);
    if (error === undefined || error === null) return;
    this.#choices[0] ??= { index: 0 };
    for (const choice of Object.values(this.#choices)) choice.error ??= reportedError(groq);
  }

  /** @returns whether the piece is content: text, an image, or a part of a tool call or of audio */
  #addChoice(piece: unknown): boolean {
    const {
      index: position,
      finish_reason: reasonGiven,
      delta,
      message: whole,
      text,
      error,
      content_filter_results: filters,
    } = (piece ?? NO_PIECE) as PayloadObject;
    const index = asCount(position) ?? 0;
    const reason = typeof reasonGiven === 'string' ? asWord(reasonGiven) : undefined;
    // Some servers send a whole message, or repeat the delta as `text`.
    const message = ((typeof delta === 'object' && delta) ||
      (typeof whole === 'object' && whole) || { content: text }) as PayloadObject;
    const { content, refusal, audio, images, tool_calls: toolCalls, function_call: called } = message;
    const calls =
      (toolCalls !== undefined && toolCallsOf(message).length > 0) ||
      (called !== undefined && called !== null && hasCall(called));
    const isRefused = typeof refusal === 'string' && refusal !== '';
    const hasText =
      (typeof content === 'string' ? content !== '' : Array.isArray(content) && content.length > 0) ||
      isRefused ||
      reasoningOf(message) !== undefined;
    const hasMedia = (audio ?? undefined) !== undefined || (Array.isArray(images) && images.length > 0);
    const hasContent = calls || hasText || hasMedia;
    if (hasContent && !this.hasToken) this.hasToken = hasText || hasSound(audio) || hasArguments(message);
    // Tool calls are kept even if content is not recorded: the names of tools are not content.
    const keepsMessage = this.#room !== undefined || calls;
    const isBroken = error !== undefined && error !== null;
    if (index >= MAX_REPEATED) return hasContent;
    let choice = this.#choices[index];
    if (choice === undefined) {
      choice = { index };
      this.#choices[index] = choice;
    }
    if (isRefused) choice.refused = true;
    if (filters !== undefined)
      choice.content_filter_results = keptFilters(filters, choice.content_filter_results);
    if (reason !== undefined) {
      choice.finish_reason = reason;
      this.#choiceUsage ??= keptNumbers(field(piece, 'usage'));
      this.#completes = true;
    }
    if (isBroken) choice.error ??= reportedError(piece);
    if (keepsMessage) this.#addMessage(choice, message);
    return hasContent;
  }

  #addMessage(choice: StreamedChoice, delta: PayloadObject): void {
    choice.message ??= new ChoiceMessage();
    const { message } = choice;
    const { tool_calls: calls, function_call: called, audio, images, role } = delta;
    if (calls !== undefined) for (const call of first(toolCallsOf(delta))) this.#addToolCall(message, call);
    if (called !== undefined && called !== null) {
      message.called ??= new StreamedToolCall(0, 'function');
      addCalled(message.called, called, this.#room);
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
    if (images !== undefined) for (const image of imagesOf(delta)) addImage(message, image, this.#room);
  }

  #addToolCall(message: ChoiceMessage, delta: unknown): void {
    const id = stringField(delta, 'id');
    let call = findCall(message.calls, delta, id);
    if (call === undefined) {
      const index = countField(delta, 'index') ?? message.calls.length;
      if (index >= MAX_REPEATED || this.#calls >= MAX_REPEATED) {
        // Counts a call once: usually, only its first piece has an id.
        if (id !== undefined) this.skippedCalls++;
        return;
      }
      this.#calls++;
      call = new StreamedToolCall(index, stringField(delta, 'type') ?? 'function');
      message.calls.push(call);
    }
    if (id !== undefined) call.id = id;
    this.#arguments ??= { maxText: MAX_ARGUMENTS_LENGTH, left: MAX_ARGUMENTS_LENGTH };
    if (isCustomCall(delta)) call.type = 'custom';
    addCalled(call, calledIn(delta), this.#room, this.#arguments);
  }
}

function hasFinished({ finish_reason, error }: StreamedChoice): boolean {
  return finish_reason !== undefined || error !== undefined;
}

/** Snowflake sends a function call without a name or arguments in each answer. */
function hasCall(called: unknown): boolean {
  return (textField(called, 'name') ?? textField(called, 'arguments')) !== undefined;
}

function hasSound(audio: unknown): boolean {
  return (textField(audio, 'transcript') ?? textField(audio, 'data')) !== undefined;
}

function hasArguments(message: PayloadObject): boolean {
  const called = [...first(toolCallsOf(message)).map(calledIn), message.function_call];
  return called.some((each) => argumentsIn(each) !== '');
}

/**
 * Finds the call that a piece continues. Gemini sends no index, and some servers always send 0: for them, a
 * name with another id begins a new call. Others change the id with each piece, but do not repeat the name.
 */
function findCall(
  calls: readonly StreamedToolCall[],
  delta: unknown,
  id: string | undefined,
): StreamedToolCall | undefined {
  const index = countField(delta, 'index');
  const isAt = (call: StreamedToolCall): boolean => index === undefined || call.index === index;
  const latest = calls.findLast(isAt);
  if (latest === undefined || (id !== undefined && latest.id === id)) return latest;
  const called = calledIn(delta);
  const name = textField(called, 'name');
  if (name === undefined) return latest;
  if (id !== undefined && latest.id !== undefined) return calls.find((call) => call.id === id);
  return isAnother(latest, name, argumentsIn(called)) ? undefined : latest;
}

/**
 * Whether a piece without an id begins another call. Some servers repeat the name in each piece. A name may arrive in
 * pieces, too, but then the first one has an id.
 */
function isAnother({ id, name, whole }: StreamedToolCall, nameGiven: string, given: string): boolean {
  if (name !== '' && nameGiven !== name) return id === undefined || whole.length > 0;
  return /^\s*[[{]/.test(given) && typeof parseJson(whole.text) === 'object';
}

function addContentParts(message: ChoiceMessage, content: readonly unknown[], room: Room): void {
  for (const part of first(content)) {
    const said = textOfPart(part);
    const text = field(part, 'type') === 'thinking' ? message.reasoning_content : message.content;
    if (said !== undefined) text.add(said, room.messages);
    else if (field(part, 'text') === undefined) addImage(message, part, room);
  }
}

/** Further images have one mark. */
function addImage({ images }: ChoiceMessage, image: unknown, room: Room): void {
  if (images.length > MAX_REPEATED) return;
  images.push(images.length < MAX_REPEATED ? keptValue(image, room.messages, room.media) : OMITTED_IMAGE);
}

/** A custom tool has `input` instead of `arguments`. */
function addCalled(
  call: StreamedToolCall,
  delta: unknown,
  room: Room | undefined,
  identifying?: TextRoom,
): void {
  const name = textField(delta, 'name');
  // Some servers repeat the name in each piece.
  if (name !== undefined && name !== call.name && call.name.length + name.length <= MAX_NAME_LENGTH)
    call.name += name;
  const piece = argumentsIn(delta);
  if (room !== undefined) call.given.add(piece, room.toolArguments);
  if (identifying !== undefined) call.whole.add(piece, identifying);
}

/** Some servers send the arguments as an object. */
function argumentsIn(called: unknown): string {
  const given = givenTo(called) ?? '';
  try {
    return typeof given === 'string' ? given : JSON.stringify(given);
  } catch {
    return '';
  }
}

function addAudio(message: ChoiceMessage, delta: unknown, room: Room): void {
  message.audio ??= new Audio();
  const { audio } = message;
  audio.id = stringField(delta, 'id') ?? audio.id;
  audio.transcript.add(textField(delta, 'transcript') ?? '', room.messages);
  audio.data.add(textField(delta, 'data') ?? '', room.media);
}

/** @param isOver whether the answer has ended even if the choice has no finish reason */
function completeChoice({ message, finish_reason, ...choice }: StreamedChoice, isOver: boolean): object {
  const ended = message !== undefined && message.calls.length > 0 ? 'tool_calls' : 'stop';
  const reason = finish_reason ?? (isOver && choice.error === undefined ? ended : undefined);
  return {
    ...choice,
    ...(reason === undefined ? {} : { finish_reason: reason }),
    ...(message === undefined ? {} : { message: wholeMessage(message) }),
  };
}

function wholeMessage(message: ChoiceMessage): object {
  const { role, content, refusal, reasoning_content, images, called, audio, annotations } = message;
  const cut = CHAT_TEXT_FIELDS.filter((name) => message[name].isCut);
  return {
    role,
    content: content.text,
    refusal: refusal.text,
    reasoning_content: reasoning_content.text,
    images,
    tool_calls: message.calls.sort((left, right) => left.index - right.index).map(wholeCall),
    function_call: called && { name: called.name, arguments: called.given.marked },
    audio: audio && wholeAudio(audio),
    annotations,
    original_lengths:
      cut.length > 0 ? Object.fromEntries(cut.map((name) => [name, message[name].length])) : undefined,
  };
}

function wholeCall({ id, type, name, given, whole }: StreamedToolCall): object {
  const call =
    type === 'custom'
      ? { id, type, custom: { name, input: given.marked } }
      : { id, type, function: { name, arguments: given.marked } };
  keepFingerprint(call, () => (whole.isCut ? undefined : fingerprintOf(name, whole.text)));
  return call;
}

function wholeAudio({ id, transcript, data }: Audio): object {
  return {
    id,
    transcript: transcript.text,
    original_length: transcript.isCut ? transcript.length : undefined,
    data: data.isCut ? '' : joinBase64(data.text),
    size: data.isCut ? Math.floor((data.length * 3) / 4) : undefined,
  };
}

/** Joins pieces of audio. Each is a complete base64 text, possibly padded, so they cannot simply be concatenated. */
function joinBase64(pieces: string): string {
  if (!/=[^=]/.test(pieces)) return pieces;
  try {
    return btoa(pieces.replace(/[^=]+=*/g, (piece) => atob(piece)));
  } catch {
    return pieces;
  }
}
