import { isNumber } from './amounts.ts';
import { isRecord } from './messages.ts';
import type { Time } from './tree.ts';

export type OtlpFields = Readonly<Record<string, unknown>>;

/** The levels of a document that are searched for spans, and of a value that are read. OTLP has 8 levels above a span. */
export const MAX_OTLP_LEVELS = 100;
/** UTF-16 units of a trace or span id. OTLP's ids have 32 and 16. */
const MAX_SPAN_ID_LENGTH = 128;

export function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_SPAN_ID_LENGTH;
}

export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Nanoseconds since the epoch, usually a string because they do not fit into a number. */
export function timeIn(value: unknown): Time {
  const digits = isNumber(value) ? BigInt(Math.max(0, Math.trunc(value))) : textIn(value);
  const time = typeof digits === 'bigint' || /^\d{1,20}$/.test(digits) ? BigInt(digits) : 0n;
  return [Number(time / 1_000_000_000n), Number(time % 1_000_000_000n)];
}

export function readOtlpAttributes(list: unknown, depth = 0): OtlpFields {
  if (!Array.isArray(list)) return {};
  const pairs = list
    .filter(isRecord)
    .map(({ key, value }) => [textIn(key), readValue(value, depth)] as const);
  return Object.fromEntries(pairs);
}

/** Reads an `AnyValue`, which has one field named after its type. */
function readValue(value: unknown, depth: number): unknown {
  if (!isRecord(value)) return undefined;
  const [type, content] = Object.entries(value)[0] ?? [];
  if (type === 'intValue') return isRecord(content) ? undefined : Number(content);
  if (!isRecord(content)) return content;
  if (depth === MAX_OTLP_LEVELS) return '…';
  if (type === 'arrayValue')
    return Array.isArray(content.values) ? content.values.map((each) => readValue(each, depth + 1)) : [];
  return type === 'kvlistValue' ? readOtlpAttributes(content.values, depth + 1) : undefined;
}
