/**
 * The convention checker: compares what was recorded with the registries under semconv/. Every function gives findings,
 * one line each, and none when all is well. The rules are those of OpenTelemetry's GenAI conformance policies (names,
 * kinds, expected attributes, content, status) and of our own registry.
 */
import type { EventDefinition, MetricDefinition, SpanDefinition } from '../../../scripts/semconv/model.ts';
import { checkAttributes, checkPresence } from './attributes.ts';
import { checkContent } from './content.ts';
import { HOSTED, identifySpan } from './identify.ts';
import { checkMetricShape } from './metric-shape.ts';
import { checkSpanName } from './names.ts';
import { contentAttributes, registry } from './registry.ts';

export interface CheckedSpan {
  name: string;
  /** `SpanKind` of the OpenTelemetry API: 0 internal, 2 client. */
  kind: number;
  attributes: Record<string, unknown>;
  /** `SpanStatusCode` of the OpenTelemetry API: 0 unset, 1 ok, 2 error. */
  status: { code: number; message?: string };
  events: readonly { name: string; attributes?: Record<string, unknown> }[];
  links: readonly unknown[];
}

export interface CheckedMetric {
  descriptor: {
    name: string;
    unit: string;
    type?: unknown;
    valueType?: number;
    advice?: { explicitBucketBoundaries?: readonly number[] };
  };
  /** `DataPointType` of the metrics SDK: 0 histogram, 3 sum. */
  dataPointType?: number;
  dataPoints: readonly { attributes: Record<string, unknown>; value?: unknown }[];
}

export interface CheckedLogRecord {
  eventName?: string;
  severityNumber?: number;
  attributes: Record<string, unknown>;
}

export interface CheckOptions {
  /** `false`: nothing sensitive may be there. By default content is allowed, and checked where it is. */
  content?: boolean;
}

const kinds: readonly string[] = ['internal', 'server', 'client', 'producer', 'consumer'];
const statusOk = 1;
const statusError = 2;
const exceptionEvent = 'gen_ai.client.operation.exception';
const detailsEvent = 'gen_ai.client.inference.operation.details';

export function checkSpan(given: CheckedSpan, options: CheckOptions = {}): string[] {
  const definition = identifySpan(given);
  const span = typeof definition !== 'string' && definition.id === HOSTED ? ownPartOf(given, options) : given;
  const findings =
    typeof definition === 'string'
      ? [definition]
      : [
          ...checkKind(span, definition),
          ...checkSpanName(span, definition),
          ...checkAttributes(span.attributes, definition.attributes, definition.id),
          ...checkPresence(span.attributes, definition.attributes, span.status.code === statusError),
        ];
  findings.push(
    ...checkStatus(span, options),
    ...checkContent(span.attributes, 'json', options.content),
    ...span.events.flatMap((event) => checkSpanEvent(event, options)),
  );
  return findings.map((finding) => `${span.name}: ${finding}`);
}

/** What this package adds to a span of OpenAI's, and the content that it should not have. The rest is OpenAI's. */
function ownPartOf(span: CheckedSpan, { content }: CheckOptions): CheckedSpan {
  const { message } = span.status;
  const own = Object.entries(span.attributes).filter(
    ([name]) =>
      /^(?:openai|user|session|deployment)\./.test(name) ||
      (content === false && contentAttributes.has(name)),
  );
  const status = { code: 0, ...(message !== undefined && { message }) };
  return { ...span, kind: 0, status, attributes: Object.fromEntries(own) };
}

export function checkMetric(metric: CheckedMetric): string[] {
  const definition = registry.metrics.find(({ name }) => name === metric.descriptor.name);
  const findings =
    definition === undefined
      ? ['is in no registry']
      : [
          ...checkMetricShape(metric, definition),
          ...metric.dataPoints.flatMap(({ attributes }) => checkMetricPoint(attributes, definition)),
        ];
  return findings.map((finding) => `${metric.descriptor.name}: ${finding}`);
}

export function checkLogRecord(record: CheckedLogRecord, options: CheckOptions = {}): string[] {
  const definition = registry.events.find(({ name, onSpan }) => name === record.eventName && !onSpan);
  const findings =
    definition === undefined
      ? ['is in no registry']
      : [
          ...checkSeverity(record, definition),
          ...checkRecordAttributes(record, definition),
          ...checkException(record, definition),
        ];
  findings.push(...checkContent(record.attributes, 'structured', options.content));
  return findings.map((finding) => `${record.eventName ?? 'log record without a name'}: ${finding}`);
}

/**
 * The details of an operation have the attributes of its span, and what the event requires. What the event recommends is
 * about model calls.
 */
function checkRecordAttributes(record: CheckedLogRecord, definition: EventDefinition): string[] {
  const { attributes } = record;
  const span = definition.name === detailsEvent ? identifySpan(record) : definition;
  if (typeof span === 'string') return [span];
  const isModelCall = 'refines' in span && span.refines === 'gen_ai.inference.client';
  const expected = definition.attributes.filter(
    ({ name, level }) =>
      level === 'required' || (isModelCall && span.attributes.some((use) => use.name === name)),
  );
  const failed = isFailedOperation(record);
  return [
    ...checkAttributes(attributes, span.attributes, definition.name),
    ...checkPresence(attributes, span.attributes, failed),
    ...(span === definition ? [] : checkPresence(attributes, expected, failed)),
  ];
}

function checkKind(span: CheckedSpan, definition: SpanDefinition): string[] {
  const kind = kinds[span.kind] ?? String(span.kind);
  return kind === definition.kind ? [] : [`kind is ${kind}, should be ${definition.kind}`];
}

function checkStatus(span: CheckedSpan, options: CheckOptions): string[] {
  const { code, message } = span.status;
  const hasType = span.attributes['error.type'] !== undefined;
  const findings: string[] = [];
  if (code === statusOk) findings.push('status is OK, which is for the program to set');
  if (code === statusError && !hasType) findings.push('error.type is missing beside status ERROR');
  if (code !== statusError && hasType) findings.push('error.type without status ERROR');
  if (options.content === false && message) findings.push('status has a message, which may echo input');
  return findings;
}

function checkSpanEvent(event: CheckedSpan['events'][number], options: CheckOptions): string[] {
  const definition = registry.events.find(({ name, onSpan }) => name === event.name && onSpan);
  if (definition === undefined) return [`event ${event.name} is in no registry`];
  const attributes = event.attributes ?? {};
  return [
    ...checkAttributes(attributes, definition.attributes, definition.name),
    ...checkPresence(attributes, definition.attributes, 'error.type' in attributes),
    ...checkContent(attributes, 'json', options.content),
  ].map((finding) => `event ${event.name}: ${finding}`);
}

function checkMetricPoint(attributes: Record<string, unknown>, definition: MetricDefinition): string[] {
  return [
    ...checkAttributes(attributes, definition.attributes, definition.name),
    ...checkPresence(attributes, definition.attributes, 'error.type' in attributes),
  ];
}

function checkSeverity(record: CheckedLogRecord, { severity }: EventDefinition): string[] {
  if (severity === undefined || record.severityNumber === severity) return [];
  return [`severity is ${record.severityNumber ?? 'missing'}, should be ${severity}`];
}

/** The record of an exception is complete, though the operation failed; that of a failed operation need not be. */
function isFailedOperation({ eventName, attributes }: CheckedLogRecord): boolean {
  return eventName !== exceptionEvent && 'error.type' in attributes;
}

/** An exception has a type or a message; the conventions leave open which. */
function checkException({ attributes }: CheckedLogRecord, { name }: EventDefinition): string[] {
  if (name !== exceptionEvent) return [];
  if ('exception.type' in attributes || 'exception.message' in attributes) return [];
  return ['exception.type and exception.message are both missing'];
}
