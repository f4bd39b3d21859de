/** What one run of a program left behind, as data: what two versions of the package are compared by. */
export interface Outcome {
  readonly spans: readonly SpanData[];
  readonly metrics: readonly MetricPoint[];
  readonly logs: readonly LogData[];
  readonly requests: readonly RequestData[];
  /** What the program itself got: its result, or the error that ended it. */
  readonly result: unknown;
  /** What hooks and sinks of the program were handed. */
  readonly events: readonly unknown[];
  /** What OpenTelemetry's logger was told, and the streams of a process. */
  readonly diag: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

export interface SpanData {
  readonly name: string;
  readonly kind: number;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentId: string;
  /** To order by. */
  readonly start: string;
  readonly status: { readonly code: number; readonly message: string };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly links: readonly {
    readonly spanId: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
}

export interface MetricPoint {
  readonly name: string;
  readonly unit: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly count: number;
  readonly sum: number;
}

export interface LogData {
  readonly name: string;
  readonly severity: number;
  readonly body: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly spanId: string;
}

export interface RequestData {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Seconds and nanoseconds as a text that sorts by time: they are too many for a number. */
function startText([seconds, nanoseconds]: readonly [number, number]): string {
  return `${seconds}.${String(nanoseconds).padStart(9, '0')}`;
}

/** A span as the SDK has it, or as a program wrote it down. */
export interface WrittenSpan extends Pick<SpanData, 'name' | 'kind' | 'scope' | 'attributes'> {
  readonly spanContext: { readonly traceId: string; readonly spanId: string };
  readonly parentSpanContext?: { readonly spanId: string } | undefined;
  readonly startTime: readonly [number, number];
  readonly status: { readonly code: number; readonly message?: string };
  readonly events: readonly { readonly name: string; readonly attributes?: SpanData['attributes'] }[];
  readonly links: readonly {
    readonly context: { readonly spanId: string };
    readonly attributes?: SpanData['attributes'];
  }[];
}

export function spanData({ name, kind, scope, attributes, ...written }: WrittenSpan): SpanData {
  const { spanContext, parentSpanContext, startTime, status, events, links } = written;
  return {
    ...{ name, kind, scope, traceId: spanContext.traceId, spanId: spanContext.spanId },
    parentId: parentSpanContext?.spanId ?? '',
    start: startText(startTime),
    status: { code: status.code, message: status.message ?? '' },
    attributes: { ...attributes },
    events: events.map((event) => ({ name: event.name, attributes: { ...event.attributes } })),
    links: links.map((link) => ({ spanId: link.context.spanId, attributes: { ...link.attributes } })),
  };
}

/** By the name of the program. */
export type Outcomes = Readonly<Record<string, Outcome>>;

export const NOTHING: Outcome = {
  spans: [],
  metrics: [],
  logs: [],
  requests: [],
  result: undefined,
  events: [],
  diag: [],
  stdout: '',
  stderr: '',
  code: 0,
};
