import { isDeepStrictEqual } from 'node:util';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { ConsoleTreeExporter } from '../../src/export.ts';
import { CONFIGS, type FuzzCase, type Observed } from './observe.ts';
import { SECRETS } from './programs.ts';

/** Attributes that are JSON. */
const JSON_ATTRIBUTES: ReadonlySet<string> = new Set([
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'gen_ai.system_instructions',
  'gen_ai.tool.definitions',
  'gen_ai.tool.call.arguments',
  'gen_ai.tool.call.result',
  'gen_ai.retrieval.documents',
]);

/** Nothing else that is recorded is longer: names, ids, models, statuses. */
const LONGEST_WORD = 2_048;
const MOST_WORDS = 200;

/** What is wrong with a run, in words; nothing, where every promise was kept. */
export function broken(fuzzCase: FuzzCase, run: Observed): string[] {
  return [
    ...changed(run),
    ...unexpectedLines(run).map((line) => `It was logged: ${line.slice(0, 500)}`),
    ...run.openSpans.map((name) => `The span ${short(name)} was never ended.`),
    ...run.spans.flatMap((span) => brokenSpan(fuzzCase, span)),
    ...run.metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.flatMap(({ value, attributes }) => [
        ...brokenNumbers(descriptor.name, value),
        ...brokenWords(descriptor.name, attributes),
      ]),
    ),
    ...harmfulText(run),
    ...leaked(fuzzCase, run),
  ];
}

/** A hostile server is not asked again for a while, which is told once: when its answers fail, and when a read is skipped. */
const READS_OF_HOSTILE = ['Several reads of run steps failed', 'recorded without reading what was missing'];

/** What was logged, but for notices of what the telemetry shows: calls without spans, and values left out of metrics. */
function unexpectedLines({ logged, spans, metrics }: Observed): string[] {
  const skipped = spans.flatMap(({ attributes }) => Object.keys(attributes).filter(isSkipped));
  const limited = metrics.flatMap(({ dataPoints }) =>
    dataPoints.flatMap(({ attributes }) =>
      Object.keys(attributes).filter((name) => attributes[name] === '_OTHER'),
    ),
  );
  const shown = [...skipped, ...limited, ...READS_OF_HOSTILE];
  return logged.filter((line) => !shown.some((name) => line.includes(name)));
}

function isSkipped(attribute: string): boolean {
  return attribute === 'openai.skipped.tool_calls' || attribute === 'openai.skipped.steps';
}

function changed({ plain, observed }: Observed): string[] {
  const findings: string[] = [];
  if (!isDeepStrictEqual(observed.requests, plain.requests))
    findings.push('The program has sent something else.');
  if (observed.seen.length !== plain.seen.length)
    findings.push(`The program has seen ${observed.seen.length} things instead of ${plain.seen.length}.`);
  const at = plain.seen.findIndex((value, index) => !isDeepStrictEqual(value, observed.seen[index]));
  if (at >= 0)
    findings.push(`The program has seen ${short(observed.seen[at])} instead of ${short(plain.seen[at])}.`);
  return findings;
}

function brokenSpan({ config }: FuzzCase, span: ReadableSpan): string[] {
  const { name, attributes, startTime, endTime, duration, events, status } = span;
  const settings = CONFIGS[config];
  const limit = settings.maxSpanContentLength ?? 65_536;
  const findings: string[] = [];
  if (name.length > LONGEST_WORD) findings.push(`The name ${short(name)} is ${name.length} characters long.`);
  const times = [...startTime, ...endTime, ...duration, ...events.flatMap(({ time }) => time)];
  if (!times.every((part) => Number.isFinite(part) && part >= 0))
    findings.push(`${short(name)} has times ${times}.`);
  let content = 0;
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value !== 'string' || !JSON_ATTRIBUTES.has(key)) continue;
    content += value.length;
    try {
      JSON.parse(value);
    } catch {
      findings.push(`${short(name)} ${key} is no JSON: ${short(value)}`);
    }
  }
  if (content > limit) findings.push(`${short(name)} has ${content} characters of content.`);
  const others = Object.entries(attributes).filter(([key]) => !JSON_ATTRIBUTES.has(key) && !isText(key));
  findings.push(...brokenWords(name, Object.fromEntries(others)));
  for (const event of events)
    findings.push(...brokenWords(`${name} ${event.name}`, event.attributes ?? {}, isText));
  if ((status.message?.length ?? 0) > limit) findings.push(`The status of ${short(name)} is long.`);
  return findings;
}

/** Content that is no JSON. */
function isText(key: string): boolean {
  return /^(gen_ai\.request\.stop_sequences|gen_ai\.retrieval\.query\.text|exception\.)/.test(key);
}

function brokenWords(
  where: string,
  attributes: Readonly<Record<string, unknown>>,
  ignored: (key: string) => boolean = () => false,
): string[] {
  return Object.entries(attributes).flatMap(([key, value]) => {
    if (ignored(key)) return [];
    const values = Array.isArray(value) ? value : [value];
    const findings: string[] =
      values.length > MOST_WORDS ? [`${short(where)} ${key} has ${values.length} values.`] : [];
    for (const each of values) {
      if (typeof each === 'number' && !Number.isFinite(each))
        findings.push(`${short(where)} ${key} is ${each}.`);
      if (typeof each === 'string' && each.length > LONGEST_WORD)
        findings.push(`${short(where)} ${key} is ${each.length} characters long.`);
      if (!['string', 'number', 'boolean'].includes(typeof each))
        findings.push(`${short(where)} ${key} is ${typeof each}.`);
    }
    return findings;
  });
}

/** The value of a data point: a number, or the sums and counts of a histogram; buckets may end at infinity. */
function brokenNumbers(where: string, value: unknown): string[] {
  const { sum, count, min, max } =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { sum: value };
  return Object.entries({ sum, count, min, max }).flatMap(([name, number]) =>
    typeof number !== 'number' || (Number.isFinite(number) && number >= 0)
      ? []
      : [`${where}: ${name} is ${number}.`],
  );
}

/** What could do something to a terminal: all control, format and surrogate characters but the ends of lines. */
const HARMFUL = /(?![\n\u200d])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

/** The tree in the terminal has names, ids and content of whatever kind. */
function harmfulText({ spans }: Observed): string[] {
  const texts: string[] = [];
  const stream = { write: (text: string) => texts.push(text), columns: 120 };
  const exporter = new ConsoleTreeExporter({ color: false, stream, summary: true });
  exporter.export([...spans], () => undefined);
  void exporter.shutdown();
  const found = HARMFUL.exec(texts.join(''));
  if (spans.length > 0 && texts.length === 0) return ['The tree was not printed.'];
  return found === null ? [] : [`The tree in the terminal has U+${found[0].codePointAt(0)?.toString(16)}.`];
}

function leaked({ config }: FuzzCase, { spans, metrics, logRecords, events, logged }: Observed): string[] {
  const settings = CONFIGS[config];
  const mode = String(settings.captureMessageContent ?? 'NO_CONTENT');
  const signals: [name: string, value: unknown][] = [
    ['metrics', metrics.map(({ dataPoints }) => dataPoints)],
    ['log', logged],
  ];
  const texts = spans.map(({ name, attributes, events: all, links, status }) => [
    name,
    attributes,
    all,
    links,
    status,
  ]);
  if (!mode.startsWith('SPAN')) signals.push(['spans', texts]);
  if (!mode.endsWith('EVENT') && mode !== 'EVENT_ONLY') {
    signals.push(['events', events], ['log records', logRecords.map((record) => ownFields(record))]);
  }
  return signals.flatMap(([name, value]) =>
    SECRETS.foundIn(JSON.stringify(value), ['content', 'credential'])
      // An event that has become an error has the code of a program for its code, and codes are recorded.
      .filter((place) => !place.endsWith('.code'))
      .map((place) => `${name} tell ${place}`),
  );
}

function ownFields(record: unknown): unknown {
  const { eventName, attributes, body } = record as Record<string, unknown>;
  return { eventName, attributes, body };
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
