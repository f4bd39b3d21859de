/** `warning`: telemetry is lost or wrong until you act. `information`: no action is required. */
export type Severity = 'information' | 'warning';

/** Identifies a finding. */
export type FindingCode = ProcessFindingCode | ProjectFindingCode;

/** The findings of the `doctor` command in a project. */
export type ProjectFindingCode =
  /** No OpenTelemetry SDK is installed. */
  | 'no_sdk_installed'
  /** Nothing that the program imports or preloads starts an SDK. */
  | 'no_sdk_started'
  /** SDK 3 is installed beside an `@opentelemetry/api` that it does not start with. */
  | 'api_too_old'
  /** OpenTelemetry's SDK 1 is installed, which is older than the supported versions. */
  | 'sdk_too_old'
  /** A bundler is installed. Module hooks cannot see an `openai` inside a bundle. */
  | 'openai_bundled'
  /** A start script starts a program that uses `openai` without the instrumentation. */
  | 'set_up_not_loaded'
  /** An entry of this package is preloaded that instruments nothing by itself. */
  | 'preload_without_effect'
  /** ES modules: `openai` is imported together with the setup, and so loaded before it runs. */
  | 'set_up_too_late'
  /** `openai` is bundled into a file of the program, where no module hook sees it. */
  | 'openai_in_bundle'
  /** An environment variable keeps spans from being made or sent. */
  | 'spans_switched_off'
  /** The endpoint, or the protocol, of the OTLP exporter cannot be right. */
  | 'endpoint_malformed'
  /** Nobody who takes traces answers at the endpoint. Found by the command `doctor`. */
  | 'endpoint_unreachable'
  /** `openai` is not installed. */
  | 'openai_not_installed'
  /** Another instrumentation is installed and may be active. */
  | 'other_instrumentation_installed'
  /** A package is installed whose client sends some calls itself, and not through `openai`. */
  | 'calls_past_openai'
  /** A package is installed that calls models without `openai`. */
  | 'ai_sdk_installed'
  /** A version of `@openai/agents` is installed whose agents cannot be recorded. Its calls of models are recorded. */
  | 'agents_too_old';

/** The findings in a running program. */
export type ProcessFindingCode =
  /** An option or environment variable has a value that is not accepted. The message says what applies instead. */
  | 'option_not_accepted'
  /** The environment disables the instrumentation. */
  | 'switched_off'
  /** No tracer provider is registered: nothing is recorded. */
  | 'no_tracer_provider'
  /** No context manager is registered: spans do not nest and retries are not recorded. */
  | 'no_context_manager'
  /** The version of `openai` is outside the tested range. It is traced as far as it works the same way. */
  | 'openai_untested'
  /** The client of `openai` lacks a method that the seam wraps: its calls are not observed. */
  | 'openai_changed'
  /** `openai` was loaded before the instrumentation: earlier calls were missed. */
  | 'openai_loaded_early'
  /** Calls to `openai` were made, or a copy of it was loaded, that the instrumentation did not see. */
  | 'calls_missed'
  /** This process has loaded no visible copy of `openai`: it is bundled, an early ES module, or not used yet. */
  | 'openai_not_seen'
  /** There is more than one copy of `openai`. All are observed. */
  | 'openai_twice'
  /** There is more than one copy of this package. Only one of them records each call. */
  | 'package_twice'
  /** Another release of this package observes `openai` in this process: this one records none of its calls. */
  | 'other_release'
  /** Something else uses a global symbol of this package. */
  | 'global_taken'
  /** Another instrumentation records the same calls. Its span is kept, and ours adds to it. */
  | 'other_instrumentation'
  /** OpenTelemetry's own instrumentation of `openai` is active, too. It is switched off for the calls of this package. */
  | 'other_switched_off'
  /** A package around the client records the same calls on spans beside ours. */
  | 'recorded_twice'
  /** Prompts and answers are recorded. */
  | 'content_recorded'
  /** A batch of spans with content may exceed the 4 MiB that OTLP/gRPC receivers accept. */
  | 'batch_too_large'
  /** The price package is not installed, and the program asked for costs or events. */
  | 'no_price_package'
  /** A stream did not report its usage. */
  | 'stream_without_usage'
  /** A server refused a request with `stream_options`, which `streamUsage` had added; it was sent again without. */
  | 'stream_options_refused'
  /** The metadata of a request has no room for the trace context, so it was not propagated. */
  | 'metadata_full'
  /** A process that adopts runs creates some, and does not mark them: two processes may count them. */
  | 'adopts_unmarked'
  /** A dimension of the metrics has more values than are kept; further ones are recorded as `_OTHER`. */
  | 'metric_values_limited'
  /** Rate limits are reported for a number of models, and more than that have been used. */
  | 'rate_limits_limited'
  /** The steps of runs could not be read; reading rests for a while. */
  | 'steps_unread'
  /** An answer to a request of the instrumentation was too large, and was dropped. */
  | 'answer_too_large'
  /** Runs, turns or responses have ended, or were given up, without a read that would have completed them. */
  | 'reads_skipped'
  /** A server does not offer the steps of runs. */
  | 'steps_missing'
  /** An answer, a run or a turn had more tool calls, steps or subagents than are recorded. */
  | 'calls_skipped'
  /** The program is an ES module, and this version of Node has no synchronous module hooks. */
  | 'node_too_old';

/** A problem with the setup of the instrumentation, or a note about it. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The finding in one or two sentences. */
  readonly message: string;
  /** What to do about it. */
  readonly action: string;
}

/** A sentence or two. The parameters are the details that are passed with the finding's code. */
export type Wording = string | ((...details: readonly string[]) => string);

/** The wording of a finding. */
export interface FindingRow {
  /** Default: `warning`. */
  readonly severity?: Severity;
  readonly message: Wording;
  readonly action: Wording;
}
