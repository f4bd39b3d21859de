import type { HrTime } from '@opentelemetry/api';
import type { StoredPoint, StoredSpan } from './sent.ts';

/**
 * Reads OTLP in the forms in which backends return it: JSON with names in camel or snake case, with ids as
 * hexadecimal, base64 or bytes, and with 64-bit integers as numbers, strings or two halves.
 */

type Fields = Readonly<Record<string, unknown>>;

/** The spans in `resourceSpans`. */
export function spansOf(request: unknown): StoredSpan[] {
  return listOf(request, 'resourceSpans')
    .flatMap((resource) => listOf(resource, 'scopeSpans'))
    .flatMap((scope) => listOf(scope, 'spans'))
    .map(spanOf);
}

export function spanOf(span: unknown): StoredSpan {
  return {
    traceId: idOf(fieldOf(span, 'traceId')),
    spanId: idOf(fieldOf(span, 'spanId')),
    parentSpanId: idOf(fieldOf(span, 'parentSpanId')),
    name: String(fieldOf(span, 'name')),
    startTime: timeOf(fieldOf(span, 'startTimeUnixNano')),
    endTime: timeOf(fieldOf(span, 'endTimeUnixNano')),
    attributes: attributesOf(span),
  };
}

/** The points in `resourceMetrics`. */
export function pointsOf(request: unknown): StoredPoint[] {
  return listOf(request, 'resourceMetrics')
    .flatMap((resource) => listOf(resource, 'scopeMetrics'))
    .flatMap((scope) => listOf(scope, 'metrics'))
    .flatMap((metric) =>
      ['histogram', 'sum', 'gauge'].flatMap((type) =>
        listOf(fieldOf(metric, type), 'dataPoints').map((point) => ({
          metric: String(fieldOf(metric, 'name')),
          unit: String(fieldOf(metric, 'unit')),
          value: numberOf(
            fieldOf(point, type === 'histogram' ? 'sum' : 'asDouble') ?? fieldOf(point, 'asInt'),
          ),
          attributes: attributesOf(point),
        })),
      ),
    );
}

export function attributesOf(holder: unknown): Record<string, unknown> {
  const entries = listOf(holder, 'attributes');
  return Object.fromEntries(
    entries.map((entry) => [String(fieldOf(entry, 'key')), attributeValueOf(fieldOf(entry, 'value'))]),
  );
}

/** Reads a value, which has one field, named after its type. */
function attributeValueOf(value: unknown): unknown {
  for (const type of ['stringValue', 'boolValue', 'doubleValue']) {
    const found = fieldOf(value, type);
    if (found !== undefined) return found;
  }
  const integer = fieldOf(value, 'intValue');
  if (integer !== undefined) return numberOf(integer);
  const array = fieldOf(value, 'arrayValue');
  return array === undefined ? undefined : listOf(array, 'values').map(attributeValueOf);
}

/** A field by its name in camel or snake case. `null`, and what a message of protobufjs inherits, count as missing. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Fields;
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const own = (key: string): unknown => (Object.hasOwn(fields, key) ? fields[key] : undefined);
  return own(name) ?? own(snake) ?? undefined;
}

export function listOf(value: unknown, name: string): readonly unknown[] {
  const found = fieldOf(value, name);
  return Array.isArray(found) ? found : [];
}

export function idOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  const text = typeof value === 'string' ? value : '';
  return /^(?:[\da-f]{16}|[\da-f]{32})?$/.test(text) ? text : Buffer.from(text, 'base64').toString('hex');
}

function timeOf(value: unknown): HrTime {
  const nanoseconds = integerOf(value);
  return [Number(nanoseconds / 1_000_000_000n), Number(nanoseconds % 1_000_000_000n)];
}

export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number(integerOf(value));
}

function integerOf(value: unknown): bigint {
  if (typeof value === 'object' && value !== null) {
    const { low, high } = value as { readonly low: number; readonly high: number };
    return (BigInt(high) << 32n) | BigInt(low >>> 0);
  }
  return BigInt(typeof value === 'number' || typeof value === 'string' ? value : 0);
}
