import { asObject, field } from '../../util/payload.ts';
import { fingerprintOf } from '../tool-call-fingerprint.ts';
import { type ResponseToolCall, readResponseToolCall, readToolContent } from './items.ts';

/** Of items of which less is kept than they were given. */
const FINGERPRINTS = new WeakMap<object, string>();
const NOTHING = {};

/** Of the name and arguments of an item that is a tool call. */
export function fingerprintOfItem({ name }: ResponseToolCall, item: unknown): string | undefined {
  return (
    FINGERPRINTS.get(asObject(item) ?? NOTHING) ??
    fingerprintOf(name, field(item, 'arguments') ?? field(item, 'input') ?? readToolContent(item).arguments)
  );
}

/** A stream keeps less of an item than it tells: only now can be told what the program was asked for. */
export function keepFingerprint(kept: object, item: unknown): void {
  const call = readResponseToolCall(item);
  if (call?.runBy !== 'program' || call.status === 'in_progress') return;
  const fingerprint = fingerprintOfItem(call, item);
  if (fingerprint !== undefined) FINGERPRINTS.set(kept, fingerprint);
}
