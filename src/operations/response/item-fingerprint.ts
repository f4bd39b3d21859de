import { asObject, field } from '../../util/payload.ts';
import { fingerprintOf } from '../tool-call-fingerprint.ts';
import { type ResponseToolCall, readResponseToolCall, readToolContent } from './items.ts';

/** The fingerprints of items that are kept only in part. */
const FINGERPRINTS = new WeakMap<object, string>();
const NOTHING = {};

/** The fingerprint of a tool call item, from its name and arguments. */
export function fingerprintOfItem({ name }: ResponseToolCall, item: unknown): string | undefined {
  return (
    FINGERPRINTS.get(asObject(item) ?? NOTHING) ??
    fingerprintOf(name, field(item, 'arguments') ?? field(item, 'input') ?? readToolContent(item).arguments)
  );
}

/** Stores the fingerprint of the whole item with its kept part, whose arguments may be cut. */
export function keepFingerprint(kept: object, item: unknown): void {
  const call = readResponseToolCall(item);
  if (call?.runBy !== 'program' || call.status === 'in_progress') return;
  const fingerprint = fingerprintOfItem(call, item);
  if (fingerprint !== undefined) FINGERPRINTS.set(kept, fingerprint);
}
