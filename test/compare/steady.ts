import type { Outcome, SpanData } from './outcome.ts';

/** A span with those beside it by name: the ids that told are gone. */
export interface SteadySpan extends SpanData {
  readonly parent: string;
  /** In the order in which they started. */
  readonly children: string;
}

export interface SteadyOutcome extends Outcome {
  readonly spans: readonly SteadySpan[];
}

/**
 * An outcome in which what differs from run to run by its nature has a stable name: ids of traces and spans, ports,
 * times, random identifiers, paths.
 */
export function steadyOutcome(outcome: Outcome, directory: string): SteadyOutcome {
  const own = ownIdentifiers(outcome.spans);
  const boundaries = boundariesOf(outcome);
  const steadyText = (text: string): string => {
    let steady = withoutOwnFrames(text).replaceAll(directory, '‹version›');
    for (const boundary of boundaries) steady = steady.replaceAll(boundary, '‹boundary›');
    steady = steady.replace(IDENTIFIER, (id) => own.get(id) ?? (id.length === 32 ? '‹trace›' : '‹span›'));
    for (const [pattern, name] of VOLATILE) steady = steady.replace(pattern, name);
    return steady;
  };
  const steady = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return VOLATILE_FIELDS.has(key) ? '‹volatile›' : steadyText(value);
    if (typeof value === 'number') return steadyNumber(value, key);
    if (Array.isArray(value)) return value.map((item) => steady(item, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, steady(item, name)]));
  };
  return steady({ ...outcome, spans: withRelations(outcome) }, '') as SteadyOutcome;
}

const IDENTIFIER = /(?<![0-9a-zA-Z])(?:[0-9a-f]{32}|[0-9a-f]{16})(?![0-9a-zA-Z])/g;
const VOLATILE_FIELDS: ReadonlySet<string> = new Set(['date', 'sec-websocket-key']);
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\b(127\.0\.0\.1|localhost|\[::1\]):\d{4,5}\b/g, '$1:‹port›'],
  [/ *(?:<|\b)[\d.,]+ (?:µs|ms|s|min)\b */g, ' ‹duration› '],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '‹uuid›'],
  [/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g, '‹time›'],
  [/(?<![\w.])1[6-9]\d{8}(?:\d{3})?(?:\.\d+)?\b/g, '‹time›'],
  [/\b\w{3}, \d\d \w{3} 20\d\d \d\d:\d\d:\d\d GMT\b/g, '‹time›'],
];

/** Names of numbers that measure time. */
const MEASURES = /retry.delay|chunk_gap|FirstChunk|first_chunk|speech_time|latency|time_to_|time_per_|_ms$/;

function steadyNumber(value: number, key: string): unknown {
  if (/(?:^|\.)(?:port|localPort|remotePort)$/.test(key)) return '‹port›';
  if ((value > 1.6e9 && value < 2e9) || (value > 1.6e12 && value < 2e12)) return '‹time›';
  return MEASURES.test(key) ? '‹duration›' : value;
}

function withRelations({ spans }: Outcome): SteadySpan[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const sorted = spans.toSorted((one, other) => (startKey(one) < startKey(other) ? -1 : 1));
  const children = Map.groupBy(sorted, ({ parentId }) => parentId);
  return sorted.map((span) => ({
    ...span,
    start: '',
    parent: span.parentId === '' ? 'none' : (byId.get(span.parentId)?.name ?? 'elsewhere'),
    children: (children.get(span.spanId) ?? []).map(({ name }) => name).join(', '),
  }));
}

function startKey({ start, name }: SpanData): string {
  return `${start} ${name}`;
}

/** A span is called by the names from its root to it. */
function ownIdentifiers(spans: readonly SpanData[]): ReadonlyMap<string, string> {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const pathOf = (span: SpanData): string => {
    const parent = byId.get(span.parentId);
    return parent === undefined ? span.name : `${pathOf(parent)} › ${span.name}`;
  };
  const own = new Map<string, string>();
  for (const span of spans) {
    own.set(span.spanId, `‹span ${JSON.stringify(pathOf(span)).slice(1, -1)}›`);
    own.set(span.traceId, '‹trace›');
  }
  return own;
}

const FRAME = /^ {4}at /;
/** Frames of the package move with its code. Whether one of Node's event loop is there depends on what else it does. */
const OWN_FRAME =
  /node_modules\/opentelemetry-instrumentation-openai\/|node:internal|processTicksAndRejections/;
/** A stack ends after ten frames: with others left out, it would end elsewhere. */
const FRAMES = 5;

function withoutOwnFrames(text: string): string {
  if (!text.includes('    at ')) return text;
  let frames = 0;
  const isKept = (line: string): boolean => {
    if (!FRAME.test(line)) frames = 0;
    else if (OWN_FRAME.test(line) || ++frames > FRAMES) return false;
    return true;
  };
  return text.split('\n').filter(isKept).join('\n');
}

/** Made up for each multipart body. */
function boundariesOf({ requests }: Outcome): string[] {
  const types = requests.map(({ headers }) => /boundary="?([^";]+)/.exec(headers['content-type'] ?? '')?.[1]);
  return types.filter((boundary) => boundary !== undefined);
}
