import { parseJson } from '../telemetry/content/messages.ts';
import type { RequestedToolCall } from '../telemetry/operation.ts';
import {
  arrayField,
  asObject,
  asWord,
  field,
  first,
  MAX_READ,
  objectField,
  type PayloadObject,
  stringField,
} from '../util/payload.ts';
import { sha256 } from '../util/sha256.ts';
import { readToolContent } from './response/content.ts';
import { type ResponseToolCall, readResponseToolCall } from './response/items.ts';

/** Also reads calls in the deprecated `function_call` format. */
export function readRequestedToolCalls(completion: unknown): readonly RequestedToolCall[] {
  const calls = first(arrayField(completion, 'choices'))
    .map((choice) => objectField(choice, 'message'))
    .flatMap((message) => [...first(toolCallsOf(message)), { function: field(message, 'function_call') }])
    .flatMap(readRequestedToolCall);
  return first(calls);
}

function readRequestedToolCall(call: unknown): RequestedToolCall[] {
  const called = calledBy(call);
  if (called === undefined) return [];
  const { name, given } = called;
  const id = stringField(call, 'id');
  const type = asWord(field(call, 'type')) ?? 'function';
  return [{ id, name, type, fingerprint: () => fingerprintOfCall(call, name, given) }];
}

/** The tool calls of a chat message. Text Generation Inference sends one call without a list. */
export function toolCallsOf(message: unknown): readonly unknown[] {
  const calls = field(message, 'tool_calls');
  if (Array.isArray(calls)) return calls;
  return asObject(calls) === undefined ? [] : [calls];
}

/** Whether a call, or a piece of one, is of a custom tool. Snowflake sends an empty `custom` beside each function. */
export function isCustomCall(call: unknown): boolean {
  const custom = objectField(call, 'custom');
  if (custom === undefined) return false;
  return (
    objectField(call, 'function') === undefined || Boolean(custom.name ?? '') || Boolean(custom.input ?? '')
  );
}

/** What is called: a function, which has `arguments`, or a custom tool, which has `input`. */
export function calledIn(call: unknown): PayloadObject | undefined {
  return objectField(call, isCustomCall(call) ? 'custom' : 'function');
}

/** `given` has the arguments of a function, or the input of a custom tool. */
export function calledBy(call: unknown): { readonly name: string; readonly given: unknown } | undefined {
  const called = calledIn(call);
  const name = stringField(called, 'name');
  return name === undefined ? undefined : { name, given: givenTo(called) };
}

export function givenTo(called: unknown): unknown {
  return field(called, 'arguments') ?? field(called, 'input');
}

/** Includes the calls of hosted tools. */
export function readResponseToolCalls(response: unknown): readonly RequestedToolCall[] {
  const calls = first(arrayField(response, 'output'), MAX_READ).flatMap((item) => {
    const call = readResponseToolCall(item);
    if (call === undefined) return [];
    const { callId: id, name, namespace, tool: type } = call;
    return [{ id, name, namespace, type, fingerprint: () => fingerprintOfItem(call, item) }];
  });
  return first(calls);
}

/** The most characters that are hashed: more would delay the program. Longer calls have no fingerprint. */
const MAX_HASHED_LENGTH = 262_144;
/** Half the digits of a SHA-256: still enough that nobody can find another call with the same digits. */
const DIGITS = 32;

/**
 * Matches numbers that JavaScript may not represent exactly. If they were parsed, two different calls could look alike.
 */
const INEXACT_NUMBER = /[\d.]{16}|\d[eE][+-]?\d{3}/;

/**
 * Identifies a tool call by its name and arguments, without keeping either. `undefined` if the arguments are
 * too long to hash or cannot be serialized.
 *
 * Programs often parse and serialize arguments before they send them back. So JSON is hashed as `JSON.stringify` writes
 * it, with sorted keys: spaces, escapes and the order of keys make no difference. Other text is hashed as it is.
 * Some models write no arguments as an empty text, which programs send back as `{}`.
 */
export function fingerprintOf(name: string, given: unknown): string | undefined {
  const text = canonical(given);
  if (text === undefined || text.length > MAX_HASHED_LENGTH) return undefined;
  // JSON escapes lone surrogates, which UTF-8 would make equal.
  return sha256(new TextEncoder().encode(JSON.stringify([name, text]))).slice(0, DIGITS);
}

function canonical(given: unknown): string | undefined {
  if (given === undefined || given === null || given === '') return '{}';
  if (typeof given !== 'string') return serialized(given);
  if (given.length > MAX_HASHED_LENGTH || INEXACT_NUMBER.test(given)) return given;
  const parsed = parseJson(given);
  return parsed === given ? given : serialized(parsed);
}

function serialized(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, part: unknown) => (asObject(part) === undefined ? part : sorted(part)));
  } catch {
    return undefined;
  }
}

function sorted(object: unknown): object {
  return Object.fromEntries(
    Object.entries(object as object).sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

/** By the copy of a call that is kept in memory, in which the arguments may be cut. */
const FINGERPRINTS = new WeakMap<object, () => string | undefined>();

export function keepFingerprint(kept: object, fingerprint: () => string | undefined): void {
  FINGERPRINTS.set(kept, fingerprint);
}

export function fingerprintOfItem({ name }: ResponseToolCall, item: unknown): string | undefined {
  const given = (): unknown =>
    field(item, 'arguments') ?? field(item, 'input') ?? readToolContent(item).arguments;
  return (FINGERPRINTS.get(item as object) ?? (() => fingerprintOf(name, given())))();
}

export function fingerprintOfCall(call: unknown, name: string, given: unknown): string | undefined {
  return (FINGERPRINTS.get(call as object) ?? (() => fingerprintOf(name, given)))();
}
