import { asObject } from '../../util/payload.ts';
import { fingerprintOf } from '../tool-call-fingerprint.ts';

/** What the tool calls of a stream are given, which their copies have only as far as it is recorded. */
const STREAMED = new WeakMap<object, { readonly given: string | undefined }>();
const NO_CALL = {};

/** The fingerprint of a tool call of a chat completion. */
export function fingerprintOfCall(call: unknown, name: string, given: unknown): string | undefined {
  const streamed = STREAMED.get(asObject(call) ?? NO_CALL);
  if (streamed === undefined) return fingerprintOf(name, given);
  return streamed.given === undefined ? undefined : fingerprintOf(name, streamed.given);
}

/** @param given `undefined` if it was too long to be kept */
export function keepArguments(call: object, given: string | undefined): void {
  STREAMED.set(call, { given });
}
