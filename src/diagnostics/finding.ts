/** `warning`: something is lost or wrong until it is put right. `information`: good to know. */
export type Severity = 'information' | 'warning';

/** What a finding is about, for programs that ask for one. */
export type FindingCode =
  /** An option or environment variable has a value that is not accepted; it is treated as not set. */
  | 'option_not_accepted'
  /** The environment forbids that anything is observed. */
  | 'switched_off'
  /** No tracer provider is registered: nothing is recorded. */
  | 'no_tracer_provider'
  /** No package is installed that provides one. Of the project, not of a running program. */
  | 'no_sdk_installed'
  /** No context manager is registered: spans do not nest, and retries are not seen. */
  | 'no_context_manager'
  /** The version of `openai` is outside of the range that is tested. It is traced as far as it is made like those. */
  | 'openai_untested'
  /** The client of `openai` lacks a method that calls are seen by: they are not observed. */
  | 'openai_changed'
  /** `openai` was loaded before the instrumentation: calls made until then were missed. */
  | 'openai_loaded_early'
  /** No copy of `openai` was seen in this process: bundled, loaded early as an ES module, or not used yet. */
  | 'openai_not_seen'
  /** A bundler is installed: where it takes `openai` in, no module hook can see it. Of the project. */
  | 'openai_bundled'
  /** There is no `openai` to be observed. Of the project. */
  | 'openai_not_installed'
  /** More than one copy of `openai`. All of them are observed. */
  | 'openai_twice'
  /** More than one copy of this package: only one of them records a call. */
  | 'package_twice'
  /** Another release of this package observes `openai` in this process: this one records none of its calls. */
  | 'other_release'
  /** Something else uses a global symbol of this package. */
  | 'global_taken'
  /** Another instrumentation records the same calls. Its span stands for them, ours adds to it. */
  | 'other_instrumentation'
  /** One is installed, and may be active. Of the project. */
  | 'other_instrumentation_installed'
  /** Prompts and answers are recorded. */
  | 'content_recorded'
  /** A batch of spans with content may be larger than the 4 MiB that receivers of OTLP over gRPC accept. */
  | 'batch_too_large'
  /** A streamed answer did not tell its usage. */
  | 'stream_without_usage'
  /** Metadata has no room for the trace context, which therefore does not travel with what was created. */
  | 'metadata_full'
  /** A dimension of the metrics has more values than are kept; further ones are recorded as `_OTHER`. */
  | 'metric_values_limited'
  /** Rate limits are reported for a number of models, and more than that have been used. */
  | 'rate_limits_limited'
  /** Steps of runs could not be read, and are not any more. */
  | 'steps_unread'
  /** An answer, a run or a turn had more tool calls, steps or subagents than are drawn. */
  | 'calls_skipped'
  /** This Node has no hook that sees ES modules, and the program is one. */
  | 'node_too_old';

/** Something that is wrong or worth knowing about how the instrumentation is set up. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** What was found, in a sentence or two. */
  readonly message: string;
  /** What to do about it. */
  readonly action: string;
}

/** How a finding is put into words; `details` are what {@link FINDINGS} names in each row. */
export interface FindingRow {
  readonly severity: Severity;
  message(...details: readonly string[]): string;
  action(...details: readonly string[]): string;
}
