import { MAX_READ, MAX_REPEATED } from '../util/payload.ts';
import { NAME } from '../util/version.ts';
import type { Finding, FindingCode, FindingRow, ProcessFindingCode } from './finding.ts';
import { OTHER_INSTRUMENTATIONS } from './other-instrumentations.ts';
import { isTooOld, TESTED } from './tested-versions.ts';

const REGISTER_FIRST = `Load the instrumentation before anything else: node --import ${NAME}/register app.mjs.`;
export const INSTRUMENT: string = `instrumentOpenAI(OpenAI) of ${NAME}/client`;

/** Leaves one copy, where the copies are of one major version and nobody asks for an exact one. */
export const DEDUPE = 'npm dedupe';

const whoAsks = (name: string): string => `npm ls ${name} tells who asks for which.`;

/** The wording of findings in running programs. A new one needs a code in `finding.ts`, a row here, and a call of `notice`. */
const FINDINGS: Readonly<Record<ProcessFindingCode, FindingRow>> = {
  option_not_accepted: {
    severity: 'warning',
    message: (problem) => `${problem}`,
    action: () => 'Give it one of the accepted values, or none.',
  },
  switched_off: {
    severity: 'information',
    message: (variable) => `${variable} is false: no call is observed.`,
    action: () => 'To observe calls, unset it.',
  },
  no_tracer_provider: {
    severity: 'warning',
    message: () => 'No tracer provider is registered, so no spans are recorded.',
    action: () =>
      `Start an OpenTelemetry SDK before the first call: new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start(), or node --import ${NAME}/register.`,
  },
  no_context_manager: {
    severity: 'warning',
    message: () =>
      'No context manager is registered: spans do not nest below those of the program, and retries are not seen.',
    action: () =>
      'Register one: context.setGlobalContextManager(new AsyncLocalStorageContextManager()) of @opentelemetry/context-async-hooks. NodeSDK does it by itself.',
  },
  openai_untested: {
    severity: 'warning',
    message: (version) =>
      isTooOld(version ?? '')
        ? `openai ${version} is not traced: it is older than the supported versions (${TESTED}).`
        : `openai ${version} is not among the tested versions (${TESTED}). It is traced as far as it is made like those.`,
    action: (version) =>
      isTooOld(version ?? '') ? 'Update openai.' : `Update ${NAME}, or use a tested version of openai.`,
  },
  openai_changed: {
    severity: 'warning',
    message: (missing, version) =>
      `The client of openai${version === '' ? '' : ` ${version}`} has no ${missing}, so that its calls are not observed. They work as ever.`,
    action: () => `Update ${NAME}, or use a tested version of openai (${TESTED}).`,
  },
  openai_loaded_early: {
    severity: 'warning',
    message: (version, file) =>
      `openai ${version} was loaded before the instrumentation (${file}). Its calls are observed from then on; earlier ones were missed, and so is any copy that was imported as an ES module.`,
    action: () => REGISTER_FIRST,
  },
  calls_missed: {
    severity: 'warning',
    message: (file) =>
      file === ''
        ? 'Calls of openai were not traced: it was imported before the instrumentation was set up, or is bundled.'
        : `Calls of openai are not traced: ${file} was loaded without the module hooks.`,
    action: (file) =>
      file === ''
        ? `Load the set-up with --import, not from the program. Run npx ${NAME} doctor for details.`
        : `Call ${INSTRUMENT}, or find the loader that compiles modules in the place of Node.`,
  },
  openai_not_seen: {
    severity: 'warning',
    message: () =>
      'No copy of openai has been seen in this process: it is bundled into the program, was loaded as an ES module before the instrumentation, or is not used yet.',
    action: () => `If it is bundled, leave openai external or call ${INSTRUMENT}. ${REGISTER_FIRST}`,
  },
  openai_twice: {
    severity: 'information',
    message: (copies) => `There is more than one copy of openai: ${copies}. All of them are observed.`,
    action: (_, mend) =>
      mend === DEDUPE ? `To have one: ${DEDUPE}. ${whoAsks('openai')}` : whoAsks('openai'),
  },
  package_twice: {
    severity: 'warning',
    message: (copies) =>
      `There is more than one copy of ${NAME}: ${copies}. One of them records each call, with its own settings: of copies of one version the newest that is enabled, of different versions the first that saw openai.`,
    action: (_, mend) => `Leave one${mend === DEDUPE ? `: ${DEDUPE}` : ''}. ${whoAsks(NAME)}`,
  },
  other_release: {
    severity: 'warning',
    message: (other, own) =>
      `Version ${other} of ${NAME} already observes openai in this process. Version ${own} records none of its calls, so that each is recorded once.`,
    action: () => `Leave one. ${whoAsks(NAME)}`,
  },
  global_taken: {
    severity: 'warning',
    message: (key) =>
      `globalThis[Symbol.for(${JSON.stringify(key)})] is not a value of this package. This copy works without it, and other copies in the process cannot work together with it.`,
    action: () => `Find the package that sets the symbol. Install only one copy of ${NAME}.`,
  },
  other_instrumentation: {
    severity: 'warning',
    message: (scope) =>
      `${scope} records the same calls. Its span and metrics stand for the calls that it wraps; ours adds retries below them and everything else.`,
    action: (scope) => `To have ours alone, switch it off: ${switchOff(scope)}`,
  },
  recorded_twice: {
    severity: 'warning',
    message: (scope) =>
      `${scope} records the same calls on spans of its own, beside ours. A backend that takes both counts their tokens twice.`,
    action: () => 'Use the client without observeOpenAI. Langfuse takes the spans of this package over OTLP.',
  },
  content_recorded: {
    severity: 'information',
    message: (value) => `Prompts, answers and tool calls are recorded (${value}).`,
    action: () =>
      'If that is not wanted: captureMessageContent: false, or OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=NO_CONTENT.',
  },
  batch_too_large: {
    severity: 'warning',
    message: (spans, characters) =>
      `Up to ${spans} spans are sent at once, each with up to ${characters} characters of content: more than the 4 MiB that receivers of OTLP over gRPC accept by default. They refuse the whole batch.`,
    action: (_, __, batch, limit) =>
      `Send fewer at once, OTEL_BSP_MAX_EXPORT_BATCH_SIZE=${batch}, or record less, maxSpanContentLength: ${limit}.`,
  },
  stream_without_usage: {
    severity: 'information',
    message: () => 'A streamed chat completion did not tell its usage, so its tokens are not counted.',
    action: () =>
      'Ask for it in the request, stream_options: { include_usage: true }, or for all of them: streamUsage: "include".',
  },
  stream_options_refused: {
    severity: 'information',
    message: () =>
      'A server refused a stream that streamUsage had asked for its usage. The request was sent again as the program made it; for an hour, streams of this server are not asked.',
    action: () =>
      'To never ask, set streamUsage to "observe". Spans have openai.usage.estimated_output_tokens.',
  },
  metadata_full: {
    severity: 'information',
    message: () =>
      'The metadata of a request has no room for the trace context, so whoever goes on with what it created does not find its trace.',
    action: () => 'The API takes 16 pairs: leave some to the propagator, one or two for W3C trace context.',
  },
  adopts_unmarked: {
    severity: 'information',
    message: () =>
      'This process creates runs or background responses, and has adoptRuns without propagateInMetadata. It records what it creates, and so would every other process with adoptRuns that works on it.',
    action: () =>
      'Set propagateInMetadata too, in all processes that create runs. adoptRuns alone is for runs whose creator is not instrumented.',
  },
  metric_values_limited: {
    severity: 'warning',
    message: (dimension) =>
      `Metrics have reached their limit of values for ${dimension}. Further values are recorded as _OTHER; spans keep them.`,
    action: () =>
      'Find on the spans who sends so many values: an end user who chooses the model, or a server that invents names.',
  },
  rate_limits_limited: {
    severity: 'information',
    message: () =>
      'Metrics of rate limits are kept for the first 100 models and servers; there have been more.',
    action: () => 'The attributes openai.ratelimit.* of spans have the rate limits of all.',
  },
  steps_unread: {
    severity: 'warning',
    message: () =>
      'Several reads of run steps failed in a row. Nothing is read from that server for a minute, and runs that end meanwhile have only the steps that pass by.',
    action: () =>
      'Look whether the server is overloaded. To read no steps at all, set runSteps to "observe".',
  },
  answer_too_large: {
    severity: 'warning',
    message: () =>
      'An answer to a read of the instrumentation had more than 4 MiB and was dropped: the run it is about has only the steps and messages that pass by.',
    action: () => 'If runs are always that large, set runSteps to "observe".',
  },
  reads_skipped: {
    severity: 'warning',
    message: (count) =>
      `${count} ${count === '1' ? 'run, turn or response was' : 'runs, turns and responses were'} recorded without a read of what is missing: their server rests or is busy, or the program ended first.`,
    action: () => 'Look whether the server is overloaded. To read nothing at all, set runSteps to "observe".',
  },
  steps_missing: {
    severity: 'warning',
    message: () =>
      'A server does not offer the steps of runs. Its runs have only the steps that pass by; it is asked again after ten minutes.',
    action: () => 'If that is so on purpose, set runSteps to "observe".',
  },
  calls_skipped: {
    severity: 'warning',
    message: () =>
      `An answer had more than ${MAX_REPEATED} tool calls, a turn as many turns of subagents, or a run more than ${MAX_READ} steps. The first ones have spans; openai.skipped.tool_calls and openai.skipped.steps count the others.`,
    action: () =>
      'If the program did not ask for so many, look for spans with these attributes: their model or server repeats itself.',
  },
  node_too_old: {
    severity: 'warning',
    message: (version) =>
      `${version} has no module hooks: openai is not observed where it is imported as an ES module.`,
    action: (version) =>
      `${/^Node /.test(version ?? '') ? 'Use Node 22.15 or later, or call' : 'Call'} ${INSTRUMENT}, or import from ${NAME}/openai.`,
  },
};

/** @param details in the order of the parameters in the code's row */
export function describeFinding(code: ProcessFindingCode, ...details: readonly string[]): Finding {
  return fillIn(code, FINDINGS[code], details);
}

export function fillIn(code: FindingCode, row: FindingRow, details: readonly string[]): Finding {
  return { code, severity: row.severity, message: row.message(...details), action: row.action(...details) };
}

export function switchOff(scope: string | undefined): string {
  const known = OTHER_INSTRUMENTATIONS.find((other) => other.scope === scope);
  return known?.switchOff ?? 'take it out of the instrumentations of your SDK.';
}
