import { KeptText, type TextLimits, TextRoom } from '../../telemetry/kept-text.ts';
import {
  countField,
  first,
  MAX_NAME_LENGTH,
  objectField,
  stringField,
  textField,
} from '../../util/payload.ts';
import type { Citation } from '../citations.ts';
import { keepArguments } from '../tool-call-fingerprint.ts';
import { thinkingText } from './messages.ts';

/** What the chunks of a stream have told of one choice. */
export interface StreamedChoice {
  readonly index: number;
  finish_reason?: string;
  error?: unknown;
  message?: ChoiceMessage;
}

/** The texts that get an `original_length` if they are cut. */
const CHAT_TEXT_FIELDS = ['content', 'refusal', 'reasoning_content'] as const;

export class ChoiceMessage {
  role = 'assistant';
  readonly content: KeptText = new KeptText();
  readonly refusal: KeptText = new KeptText();
  readonly reasoning_content: KeptText = new KeptText();
  /** In the order in which they began. */
  readonly calls: StreamedToolCall[] = [];
  called: Called | undefined;
  audio: Audio | undefined;
  annotations: readonly Citation[] | undefined;
}

interface StreamedToolCall {
  readonly index: number;
  id?: string;
  type: string;
  function?: Called;
  custom?: Called;
}

/** The name of the called function, and its arguments. */
interface Called {
  name: string;
  /** As far as they are recorded. */
  readonly given: KeptText;
  /** As far as a call is identified by them. */
  readonly whole: KeptText;
}

export function newCalled(): Called {
  return { name: '', given: new KeptText(), whole: new KeptText() };
}

interface Audio {
  id: string | undefined;
  expires_at: number | undefined;
  readonly transcript: KeptText;
  readonly data: KeptText;
}

/** The remaining room for the texts of an answer. */
export class Room {
  /** For the messages, which one span records. */
  readonly messages: TextRoom;
  /** For tool arguments, each of which may be recorded on its own span. */
  readonly toolArguments: TextRoom;
  readonly media: TextRoom = TextRoom.forMedia();

  constructor({ text, span, answer }: TextLimits) {
    this.messages = new TextRoom(text, span);
    this.toolArguments = new TextRoom(text, answer);
  }
}

/**
 * The call that a piece continues. Gemini sends no index, and some servers give all calls index 0: there, a piece with
 * a name and another id begins a new call. Some servers change the id of a call with each piece, but repeat no name.
 */
export function findCall(
  calls: readonly StreamedToolCall[],
  delta: unknown,
  id: string | undefined,
): StreamedToolCall | undefined {
  const index = countField(delta, 'index');
  const isAt = (call: StreamedToolCall): boolean => index === undefined || call.index === index;
  const latest = calls.findLast(isAt);
  if (latest === undefined || (id !== undefined && latest.id === id)) return latest;
  const called = objectField(delta, 'function') ?? objectField(delta, 'custom');
  const isNamed = textField(called, 'name') !== undefined;
  const hasOtherId = id === undefined ? index === undefined : latest.id !== undefined;
  return isNamed && hasOtherId ? calls.find((call) => id !== undefined && call.id === id) : latest;
}

/** Adds content that is a list, as Mistral streams its reasoning. */
export function addContentParts(message: ChoiceMessage, content: readonly unknown[], room: Room): void {
  for (const part of first(content)) {
    message.content.add(textField(part, 'text') ?? '', room.messages);
    message.reasoning_content.add(thinkingText(part), room.messages);
  }
}

export function addCalled(
  called: Called,
  delta: unknown,
  argumentsField: string,
  room: Room | undefined,
  identifying?: TextRoom,
): void {
  const name = textField(delta, 'name');
  // Some servers repeat the name in each piece.
  if (name !== undefined && name !== called.name && called.name.length + name.length <= MAX_NAME_LENGTH)
    called.name += name;
  const piece = textField(delta, argumentsField) ?? '';
  if (room !== undefined) called.given.add(piece, room.toolArguments);
  if (identifying !== undefined) called.whole.add(piece, identifying);
}

export function addAudio(message: ChoiceMessage, delta: unknown, room: Room): void {
  message.audio ??= {
    id: undefined,
    expires_at: undefined,
    transcript: new KeptText(),
    data: new KeptText(),
  };
  const { audio } = message;
  audio.id = stringField(delta, 'id') ?? audio.id;
  audio.expires_at = countField(delta, 'expires_at') ?? audio.expires_at;
  audio.transcript.add(textField(delta, 'transcript') ?? '', room.messages);
  audio.data.add(textField(delta, 'data') ?? '', room.media);
}

export function completeChoice({ index, finish_reason, error, message }: StreamedChoice): object {
  const choice = finish_reason === undefined ? { index, error } : { index, finish_reason, error };
  return message === undefined ? choice : { ...choice, message: wholeMessage(message) };
}

function wholeMessage(message: ChoiceMessage): object {
  const { role, content, refusal, reasoning_content, called, audio, annotations } = message;
  const cut = CHAT_TEXT_FIELDS.filter((name) => message[name].isCut);
  return {
    role,
    content: content.text,
    refusal: refusal.text,
    reasoning_content: reasoning_content.text,
    tool_calls: message.calls.sort((left, right) => left.index - right.index).map(wholeCall),
    ...(called === undefined ? {} : { function_call: wholeCalled(called, 'arguments') }),
    ...(audio === undefined ? {} : { audio: wholeAudio(audio) }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(cut.length === 0
      ? {}
      : { original_lengths: Object.fromEntries(cut.map((name) => [name, message[name].length])) }),
  };
}

function wholeCall({ id, type, function: called, custom }: StreamedToolCall): object {
  const call = {
    ...(id === undefined ? {} : { id }),
    type,
    ...(called === undefined ? {} : { function: wholeCalled(called, 'arguments') }),
    ...(custom === undefined ? {} : { custom: wholeCalled(custom, 'input') }),
  };
  const whole = (called ?? custom)?.whole;
  if (whole !== undefined) keepArguments(call, whole.isCut ? undefined : whole.text);
  return call;
}

function wholeCalled({ name, given }: Called, argumentsField: string): object {
  return { name, [argumentsField]: given.marked };
}

function wholeAudio({ id, expires_at, transcript, data }: Audio): object {
  return {
    id,
    expires_at,
    transcript: transcript.text,
    ...(transcript.isCut ? { original_length: transcript.length } : {}),
    ...(data.isCut ? { data: '', size: Math.floor((data.length * 3) / 4) } : { data: joinBase64(data.text) }),
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
