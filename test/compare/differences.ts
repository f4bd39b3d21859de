import { isDeepStrictEqual } from 'node:util';
import type { LogData, MetricPoint, RequestData } from './outcome.ts';
import type { SteadyOutcome, SteadySpan } from './steady.ts';

/** One thing that two versions do differently. */
export interface Difference {
  /** What it is about: `span chat gpt-4o`, `metric openai.client.cost`, `request GET /v1/…`, `stderr`, … */
  readonly subject: string;
  /** The part of it that differs. Empty: all of it is there, or not. */
  readonly field: string;
  readonly reference: string;
  readonly candidate: string;
}

/** Represents what is not there. */
export const ABSENT = 'absent';

/** All that differs between the outcomes of a program, both of which are steady. */
export function differencesOf(reference: SteadyOutcome, candidate: SteadyOutcome): Difference[] {
  return [
    ...listDifferences(reference.spans, candidate.spans, ({ name }) => `span ${name}`, spanFields),
    ...listDifferences(reference.metrics, candidate.metrics, metricSubject, metricFields),
    ...listDifferences(reference.logs, candidate.logs, ({ name }) => `log ${name}`, logFields),
    ...listDifferences(reference.requests, candidate.requests, requestSubject, requestFields),
    ...listDifferences(reference.events, candidate.events, eventSubject, (event) => flat(event)),
    ...fieldDifferences('result', flat(reference.result), flat(candidate.result)),
    ...listDifferences(
      reference.diag,
      candidate.diag,
      () => 'diag',
      (line) => ({ line }),
    ),
    ...textDifferences('stdout', reference.stdout, candidate.stdout),
    ...textDifferences('stderr', reference.stderr, candidate.stderr),
    ...fieldDifferences('exit code', { '': reference.code }, { '': candidate.code }),
  ];
}

type Fields = Readonly<Record<string, unknown>>;

function metricSubject({ name }: MetricPoint): string {
  return `metric ${name}`;
}

/** How long something took is no fact of a version; that it was measured is. */
function metricFields({ unit, attributes, count, sum }: MetricPoint): Fields {
  return { unit, ...attributes, count, ...(unit !== 's' && { sum: Number(sum.toPrecision(12)) }) };
}

function logFields({ severity, body, attributes, spanId }: LogData): Fields {
  return { severity, span: spanId, ...flat(body, 'body'), ...attributes };
}

function requestSubject({ method, path }: RequestData): string {
  return `request ${method} ${path.split('?')[0]}`;
}

function requestFields({ path, headers, body }: RequestData): Fields {
  return { query: path.split('?')[1] ?? '', ...flat(headers, 'headers'), ...flat(body, 'body') };
}

function eventSubject(event: unknown): string {
  return `event ${(event as { readonly type?: unknown } | null)?.type}`;
}

/** The leaves of a value by their paths. */
function flat(value: unknown, path = ''): Fields {
  if (typeof value !== 'object' || value === null) return { [path]: value };
  const entries = Object.entries(value);
  if (entries.length === 0) return { [path]: Array.isArray(value) ? '[]' : '{}' };
  return Object.assign(
    {},
    ...entries.map(([key, item]) => flat(item, path === '' ? key : `${path}.${key}`)),
  ) as Fields;
}

export function shown(value: unknown): string {
  if (value === undefined) return ABSENT;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function fieldDifferences(subject: string, reference: Fields, candidate: Fields): Difference[] {
  const names = new Set([...Object.keys(reference), ...Object.keys(candidate)]);
  return [...names]
    .filter((name) => !isDeepStrictEqual(reference[name], candidate[name]))
    .map((field) => ({
      subject,
      field,
      reference: shown(reference[field]),
      candidate: shown(candidate[field]),
    }));
}

/** What two lists have in a different way. Their order is that of things that happen at the same time: it is not compared. */
function listDifferences<Item>(
  reference: readonly Item[],
  candidate: readonly Item[],
  subjectOf: (item: Item) => string,
  fieldsOf: (item: Item) => Fields,
): Difference[] {
  const pairs = pair(reference, candidate, subjectOf, fieldsOf);
  return pairs.flatMap(([one, other]) => {
    const subject = subjectOf((one ?? other) as Item);
    if (one === undefined || other === undefined) return [presence(subject, one !== undefined)];
    return fieldDifferences(subject, fieldsOf(one), fieldsOf(other));
  });
}

function presence(subject: string, inReference: boolean): Difference {
  const [reference, candidate] = inReference ? ['present', ABSENT] : [ABSENT, 'present'];
  return { subject, field: '', reference, candidate };
}

type Pair<Item> = readonly [reference: Item | undefined, candidate: Item | undefined];

/** Pairs what is equal, then what is most alike among things of one name, then says what is left over. */
function pair<Item>(
  reference: readonly Item[],
  candidate: readonly Item[],
  nameOf: (item: Item) => string,
  fieldsOf: (item: Item) => Fields,
): Pair<Item>[] {
  const left = new Map<string, { readonly item: Item; readonly fields: Fields }[]>();
  for (const item of candidate) {
    const name = nameOf(item);
    left.set(name, [...(left.get(name) ?? []), { item, fields: fieldsOf(item) }]);
  }
  const pairs: Pair<Item>[] = [];
  const unlike: { readonly item: Item; readonly fields: Fields }[] = [];
  for (const item of reference) {
    const fields = fieldsOf(item);
    const others = left.get(nameOf(item)) ?? [];
    const same = others.findIndex((other) => isDeepStrictEqual(other.fields, fields));
    if (same < 0) unlike.push({ item, fields });
    else pairs.push([item, others.splice(same, 1)[0]?.item]);
  }
  for (const { item, fields } of unlike) {
    const others = left.get(nameOf(item)) ?? [];
    const likeness = others.map((other) => -fieldDifferences('', fields, other.fields).length);
    const best = likeness.indexOf(Math.max(...likeness));
    pairs.push([item, best < 0 ? undefined : others.splice(best, 1)[0]?.item]);
  }
  for (const others of left.values()) for (const { item } of others) pairs.push([undefined, item]);
  return pairs;
}

function spanFields(span: SteadySpan): Fields {
  const events = span.events.map(({ name, attributes }) => [`event ${name}`, shown(attributes)]);
  return {
    parent: span.parent,
    'order of children': span.children,
    kind: span.kind,
    scope: span.scope,
    'status.code': span.status.code,
    'status.message': span.status.message,
    ...span.attributes,
    ...Object.fromEntries(events),
    events: span.events.map(({ name }) => name).join(', '),
    links: span.links
      .map(({ spanId, attributes }) => `${spanId} ${shown(attributes)}`)
      .sort()
      .join(', '),
  };
}

/** Line by line. */
function textDifferences(subject: string, reference: string, candidate: string): Difference[] {
  const lines = (text: string): string[] => text.split('\n');
  return listDifferences(
    lines(reference),
    lines(candidate),
    (line) => `${subject} ${line}`,
    () => ({}),
  ).map(({ subject: line, ...rest }) => ({
    ...rest,
    subject,
    field: '',
    ...(rest.reference === ABSENT
      ? { candidate: line.slice(subject.length + 1) }
      : { reference: line.slice(subject.length + 1) }),
  }));
}
