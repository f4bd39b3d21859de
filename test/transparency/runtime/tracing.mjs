// What an instrumented run has beside a plain one: a span for each program, and a record of all spans.
import { DiagLogLevel, diag, trace } from '@opentelemetry/api';

/** Spans by the program they belong to; a span processor of either line of the SDK. */
export class Recorder {
  spans = [];
  #open = new Map();
  #programs = new Map();
  warnings = [];

  constructor() {
    const warn = (text, ...details) => this.warnings.push([text, ...details].map(String).join(' '));
    const ignore = () => undefined;
    // The SDK warns here when a span is ended twice, and so does whatever of ours went wrong.
    diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
  }

  onStart(span) {
    this.#open.set(span, span.spanContext().traceId);
  }

  onEnd(span) {
    this.#open.delete(span);
    this.spans.push(span);
  }

  async forceFlush() {}
  async shutdown() {}

  /** Runs a program below a span of its own. */
  within(name, run) {
    return trace.getTracer('program').startActiveSpan('program', async (span) => {
      this.#programs.set(name, span.spanContext().traceId);
      try {
        return await run();
      } finally {
        span.end();
      }
    });
  }

  open(name) {
    return [...this.#open.values()].filter((traceId) => traceId === this.#programs.get(name)).length;
  }

  /** What a test reads: spans by program, those of no program, metrics, and warnings. */
  record(scopeMetrics) {
    const spans = {};
    for (const [name, traceId] of this.#programs)
      spans[name] = this.#data((span) => span.spanContext().traceId === traceId);
    const known = new Set(this.#programs.values());
    return {
      spans,
      strays: this.#data((span) => !known.has(span.spanContext().traceId)),
      metrics: scopeMetrics.flatMap(({ metrics }) => metrics),
      warnings: this.warnings,
    };
  }

  #data(isWanted) {
    return this.spans.filter(isWanted).map((span) => ({
      name: span.name,
      kind: span.kind,
      startTime: span.startTime,
      endTime: span.endTime,
      status: span.status,
      attributes: span.attributes,
      events: span.events,
      links: span.links,
      parentSpanContext: span.parentSpanContext,
      scope: span.instrumentationScope.name,
      spanContext: span.spanContext(),
    }));
  }
}

/** In-memory exporters forget at shutdown what they have; this does not. */
export class MetricKeeper {
  scopeMetrics = [];

  export(metrics, done) {
    this.scopeMetrics = metrics.scopeMetrics;
    done({ code: 0 });
  }

  async forceFlush() {}
  async shutdown() {}
}
