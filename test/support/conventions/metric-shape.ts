import type { MetricDefinition } from '../../../scripts/semconv/model.ts';
import type { CheckedMetric } from './check.ts';

/** Enums of the OpenTelemetry API and metrics SDK, by their numbers. */
const valueTypes: readonly string[] = ['int', 'double'];
const dataPointTypes: Readonly<Record<number, string>> = {
  0: 'histogram',
  1: 'histogram',
  2: 'gauge',
  3: 'counter',
};

/** Unit, instrument, type of value and buckets are those of the registry, and the values fit the type. */
export function checkMetricShape(metric: CheckedMetric, definition: MetricDefinition): string[] {
  const { descriptor } = metric;
  const findings: string[] = [];
  const expect = (what: string, actual: unknown, expected: string): void => {
    if (actual !== undefined && actual !== expected)
      findings.push(`${what} is ${actual}, should be ${expected}`);
  };
  expect('unit', descriptor.unit, definition.unit);
  expect('value type', valueTypes[descriptor.valueType ?? -1], definition.valueType);
  expect('instrument', instrument(metric), definition.instrument);
  expect('advised buckets', descriptor.advice?.explicitBucketBoundaries?.join(), definition.buckets.join());
  for (const { value } of metric.dataPoints) {
    expect('buckets', boundaries(value), definition.buckets.join());
    findings.push(...checkNumbers(value, definition));
  }
  return findings;
}

/** From the data points, or in SDKs that tell it from the descriptor (`HISTOGRAM`, `COUNTER`). */
function instrument({ descriptor, dataPointType }: CheckedMetric): string | undefined {
  if (dataPointType !== undefined) return dataPointTypes[dataPointType] ?? 'unknown';
  return typeof descriptor.type === 'string' ? descriptor.type.toLowerCase() : undefined;
}

interface Histogram {
  readonly sum?: number;
  readonly min?: number;
  readonly buckets?: { readonly boundaries?: readonly number[] };
}

/** Exponential histograms have no boundaries. */
function boundaries(value: unknown): string | undefined {
  return isObject(value) ? value.buckets?.boundaries?.join() : undefined;
}

function checkNumbers(value: unknown, { valueType }: MetricDefinition): string[] {
  const numbers = (isObject(value) ? [value.sum, value.min] : [value]).filter(
    (number) => number !== undefined,
  );
  const fits = valueType === 'int' ? Number.isSafeInteger : Number.isFinite;
  return numbers.flatMap((number) => {
    if (!fits(number)) return [`has the value ${String(number)}, should be ${valueType}`];
    return Number(number) < 0 ? [`has the negative value ${String(number)}`] : [];
  });
}

function isObject(value: unknown): value is Histogram {
  return typeof value === 'object' && value !== null;
}
