import { MAX_READ, MAX_REPEATED } from '../util/payload.ts';
import { NAME } from '../util/version.ts';
import { OTHER_INSTRUMENTATIONS } from './other-instrumentations.ts';
import { isTooOld, TESTED } from './tested-versions.ts';

/** `warning`: telemetry is lost or wrong until you act. `information`: no action is required. */
export type Severity = 'information' | 'warning';

/** Identifies a finding. */
export type FindingCode = ProcessFindingCode | ProjectFindingCode;

/** The findings of the `doctor` command in a project. */
export type ProjectFindingCode =
  | 'no_sdk_installed'
  | 'api_too_old'
  | 'openai_bundled'
  | 'set_up_not_loaded'
  | 'preload_without_effect'
  | 'set_up_too_late'
  | 'openai_in_bundle'
  | 'spans_switched_off'
  | 'endpoint_malformed'
  | 'endpoint_unreachable'
  | 'openai_not_installed'
  | 'other_instrumentation_installed'
  | 'calls_past_openai'
  | 'ai_sdk_installed'
  | 'agents_too_old'
  | 'agents_not_instrumented';

/** The findings in a running program. */
export type ProcessFindingCode =
  | 'option_not_accepted'
  | 'variable_refused'
  | 'switched_off'
  | 'no_tracer_provider'
  | 'provider_late'
  | 'api_too_new'
  | 'no_context_manager'
  | 'openai_untested'
  | 'openai_changed'
  | 'openai_loaded_early'
  | 'calls_missed'
  | 'openai_not_seen'
  | 'openai_twice'
  | 'package_twice'
  | 'other_release'
  | 'other_instrumentation'
  | 'other_switched_off'
  | 'content_recorded'
  | 'batch_too_large'
  | 'no_price_package'
  | 'host_unlisted'
  | 'stream_without_usage'
  | 'stream_options_refused'
  | 'metadata_full'
  | 'adopts_unmarked'
  | 'metric_values_limited'
  | 'steps_unread'
  | 'answer_too_large'
  | 'content_dropped'
  | 'masking_failed'
  | 'reads_skipped'
  | 'steps_missing'
  | 'calls_skipped'
  | 'node_too_old'
  | 'load_hook_registered';

/** A problem with the setup of the instrumentation, or a note about it. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The finding in one or two sentences. */
  readonly message: string;
  /** What to do about it. */
  readonly action: string;
}

/** One or two sentences, or a function that builds them from the details passed with the finding's code. */
type Wording = string | ((...details: readonly string[]) => string);

interface FindingRow {
  /** Default: `warning`. */
  readonly severity?: Severity;
  readonly message: Wording;
  readonly action: Wording;
}

const REGISTER_FIRST = `Load the instrumentation before anything else: node --import ${NAME}/register app.mjs.`;
const INSTRUMENT = `instrumentOpenAI(OpenAI) of ${NAME}/client`;

const whoDepends = (name: string): string =>
  `npm ls ${name} shows what depends on each. npm dedupe may leave one.`;

const READ_LESS = 'Check whether the server is overloaded. To read nothing, set runSteps to "observe".';

/** The wording of findings in running programs. A new one needs a code above, a row here, and a call of `notice`. */
const FINDINGS: Readonly<Record<ProcessFindingCode, FindingRow>> = {
  option_not_accepted: {
    message: (problem) => `${problem}`,
    action: 'Correct or remove it.',
  },
  variable_refused: {
    message: (variable) =>
      `The runtime refuses to tell the variable ${variable}. It counts as not set, like all variables that were not read before.`,
    action: 'Allow access to it, or set options in code.',
  },
  switched_off: {
    severity: 'information',
    message: (variable, value) => `${variable} is ${value}, so no calls are recorded.`,
    action: 'To record calls, unset it.',
  },
  no_tracer_provider: {
    message: 'No tracer provider is registered, so no spans are recorded.',
    action: `Start an OpenTelemetry SDK before the first call: new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start(), or node --import ${NAME}/register.`,
  },
  provider_late: {
    message: 'Calls were made before a tracer provider was registered. They have no spans.',
    action: 'Start the OpenTelemetry SDK before the first call.',
  },
  api_too_new: {
    message: (version) =>
      `A tracer provider is registered with @opentelemetry/api ${version}, which the newer @opentelemetry/api of ${NAME} cannot use, so no spans are recorded.`,
    action: (version) =>
      `Install @opentelemetry/api@${version} in the program, or ${NAME} beside the SDK that is registered.`,
  },
  no_context_manager: {
    message:
      'No context manager is registered, so spans are not children of the spans of your program, and retries are not recorded.',
    action:
      'Register one: context.setGlobalContextManager(new AsyncLocalStorageContextManager()) of @opentelemetry/context-async-hooks. NodeSDK does this.',
  },
  openai_untested: {
    message: (version) =>
      isTooOld(version ?? '')
        ? `openai ${version} is not traced: it is older than the supported versions (${TESTED}).`
        : `openai ${version} is not a tested version (${TESTED}). It is traced as far as its internals are the same.`,
    action: (version) =>
      isTooOld(version ?? '') ? 'Update openai.' : `Update ${NAME}, or use a tested version of openai.`,
  },
  openai_changed: {
    message: (missing, version) =>
      `The client of openai${version === '' ? '' : ` ${version}`} has no ${missing}, so its calls are not recorded. They still work.`,
    action: `Update ${NAME}, or use a tested version of openai (${TESTED}).`,
  },
  openai_loaded_early: {
    message: (version, file) =>
      `openai ${version} was loaded before the instrumentation (${file}). Earlier calls were not recorded; nor are those of a copy that was imported as an ES module.`,
    action: REGISTER_FIRST,
  },
  calls_missed: {
    message: (file) =>
      file === ''
        ? 'Calls to openai were not traced: it was imported before the instrumentation was set up, it is bundled, or this program forwards the requests of others.'
        : `Calls to openai are not traced: ${file} was loaded without the module hooks.`,
    action: (file) =>
      file === ''
        ? `Load the setup with --import, not from the program. Run npx ${NAME} doctor for details.`
        : `Call ${INSTRUMENT}, or find the loader that compiles modules instead of Node.`,
  },
  openai_not_seen: {
    message:
      'No copy of openai was found: it is bundled, was imported as an ES module before the instrumentation, or has not been used yet.',
    action: `If it is bundled, mark openai as external, build with the plugin of ${NAME}/bundler, or call ${INSTRUMENT}. ${REGISTER_FIRST}`,
  },
  openai_twice: {
    severity: 'information',
    message: (copies) => `Several copies of openai are loaded: ${copies}. All are traced.`,
    action: whoDepends('openai'),
  },
  package_twice: {
    message: (copies) =>
      `Several copies of ${NAME} are loaded: ${copies}. One of them records each call, with its own settings: of one version, the newest enabled copy; of different versions, the first to observe openai.`,
    action: `Keep one. ${whoDepends(NAME)}`,
  },
  other_release: {
    message: (other, own) =>
      `Version ${other} of ${NAME} already records the calls of openai in this process, so version ${own} does not.`,
    action: `Keep one. ${whoDepends(NAME)}`,
  },
  other_instrumentation: {
    message: (scope) => `${scope} records the same calls. This package adds what is missing to its spans.`,
    action: (scope) => `To use only this package: ${switchOff(scope)}`,
  },
  other_switched_off: {
    message: (scope) =>
      `${scope} is active, too. It is switched off: beside it, parse() and asResponse() of openai throw.`,
    action: (scope) =>
      `To keep this package, do not start the other: ${switchOff(scope)} To keep the other, set OTEL_INSTRUMENTATION_OPENAI_ENABLED=false.`,
  },
  content_recorded: {
    severity: 'information',
    message: (value) => `Prompts, answers and tool calls are recorded (${value}).`,
    action:
      'To prevent this, set captureMessageContent: false, or OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=NO_CONTENT.',
  },
  batch_too_large: {
    message: (size) =>
      `With maxSpanContentLength and media as they are, a batch of ${size} spans may exceed the 4 MiB that most collectors accept. They reject it whole.`,
    action:
      'Lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE, have the collector accept more, or store content elsewhere with ContentStore.',
  },
  no_price_package: {
    severity: 'information',
    message:
      '@pydantic/genai-prices is not installed, so calls have no cost unless the option prices has their model.',
    action: 'npm install @pydantic/genai-prices, or set cost: false. In a bundle, pass the package in cost.',
  },
  host_unlisted: {
    severity: 'information',
    message: (host) =>
      `${host} is not a known host, and its answers do not show that OpenAI made them, so its calls have no cost.`,
    action: (host) =>
      `If OpenAI's prices apply, set providers: [{ host: '${host}', provider: 'openai' }]. If not, name the provider there, or set prices.`,
  },
  stream_without_usage: {
    severity: 'information',
    message: 'A streamed completion did not report its usage, so its tokens are not counted.',
    action:
      'Request it with stream_options: { include_usage: true }, or for all streams with streamUsage: "include".',
  },
  stream_options_refused: {
    severity: 'information',
    message:
      'A server rejected stream_options, which streamUsage had added, so the original request was sent. For an hour, this server is not asked again.',
    action:
      'To stop asking, set streamUsage to "observe". Spans have openai.usage.estimated_output_tokens instead.',
  },
  metadata_full: {
    severity: 'information',
    message:
      'The metadata of a request has no room for the trace context, so other processes cannot continue its trace.',
    action: 'The API accepts 16 pairs. Leave one or two free for W3C trace context.',
  },
  adopts_unmarked: {
    severity: 'information',
    message:
      'This process creates runs or background responses and has adoptRuns without propagateInMetadata. Each process with adoptRuns that works on them records them again.',
    action:
      'Set propagateInMetadata too, in all processes that create runs. adoptRuns alone is for creators without instrumentation.',
  },
  metric_values_limited: {
    message: (dimension) =>
      `Metrics have reached their limit of values for ${dimension}. Further values are recorded as _OTHER, rate limits not at all; spans keep both.`,
    action:
      'The spans show where the values come from: end users who choose the model, or a server that invents names.',
  },
  steps_unread: {
    message:
      'Several reads of run steps failed. For a while, nothing is read from that server: runs have only the steps that the program received.',
    action: READ_LESS,
  },
  answer_too_large: {
    message:
      'An answer over 4 MiB to a background read was dropped. The run has only what the program received.',
    action: 'If runs are always that large, set runSteps to "observe".',
  },
  content_dropped: {
    message:
      'Open runs, responses and tool calls have more than 64 MB of content: that of the oldest is not recorded.',
    action: 'End or cancel runs that nobody answers, or lower maxContentLength.',
  },
  masking_failed: {
    message: (field, error) => `Masking failed in ${field} (${error}). What it failed on is not recorded.`,
    action:
      'Give patterns of your own no nested repetitions, and limit what they repeat: {1,100} instead of +.',
  },
  reads_skipped: {
    message: (count) =>
      `Runs, turns or responses recorded without reading what was missing: ${count}. The server was busy or failed, or the program ended first.`,
    action: READ_LESS,
  },
  steps_missing: {
    message:
      'A server has no endpoint for run steps. For ten minutes, its runs have only the steps that the program received.',
    action: 'If this is expected, set runSteps to "observe".',
  },
  calls_skipped: {
    message: `An answer had more than ${MAX_REPEATED} tool calls, a turn more than ${MAX_REPEATED} subagent turns, or a run more than ${MAX_READ} steps. The first have spans; openai.skipped.tool_calls and openai.skipped.steps count the rest.`,
    action:
      'If you do not expect so many, look for spans with these attributes: the model or the server repeats itself.',
  },
  node_too_old: {
    message: (version) =>
      `${version} has no module hooks: openai is not traced when it is imported as an ES module.`,
    action: (version) =>
      `${/^Node /.test(version ?? '') ? 'Use Node 22.15 or later, or call' : 'Call'} ${INSTRUMENT}, or import from ${NAME}/openai.`,
  },
  load_hook_registered: {
    message: (release, owner) =>
      `Node ${release} cannot link CommonJS that an ES module imports while a load hook of module.registerHooks is registered, and ${owner} registers one.`,
    action: (_, __, repaired) => `Update to Node ${repaired} or later, or remove that hook.`,
  },
};

/** @param details the details, in the order in which the code's row in `FINDINGS` takes them as parameters */
export function describeFinding(code: ProcessFindingCode, ...details: readonly string[]): Finding {
  const { severity = 'warning', message, action } = FINDINGS[code];
  return { code, severity, message: worded(message, details), action: worded(action, details) };
}

function worded(wording: Wording, details: readonly string[]): string {
  return typeof wording === 'string' ? wording : wording(...details);
}

function switchOff(scope: string | undefined): string {
  const known = OTHER_INSTRUMENTATIONS.find((other) => other.scope === scope);
  return known?.switchOff ?? 'remove it from the setup.';
}
