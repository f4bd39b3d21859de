import type { Finding, FindingRow, ProjectFindingCode } from '../diagnostics/finding.ts';
import { fillIn, INSTRUMENT, switchOff } from '../diagnostics/messages.ts';

/** The wording of findings about projects, which running programs do not load. */
const PROJECT_FINDINGS: Readonly<Record<ProjectFindingCode, FindingRow>> = {
  no_sdk_installed: {
    severity: 'warning',
    message: () => 'No OpenTelemetry SDK is installed, so nothing can be recorded.',
    action: () => 'npm install @opentelemetry/api @opentelemetry/sdk-node',
  },
  openai_bundled: {
    severity: 'information',
    message: (bundler) => `The project has ${bundler}. Where it bundles openai, no module hook can see it.`,
    action: (_, external) => `Leave openai external (${external}), or call ${INSTRUMENT}.`,
  },
  openai_not_installed: {
    severity: 'warning',
    message: () => 'openai is not installed in this project.',
    action: () => 'npm install openai',
  },
  set_up_not_loaded: {
    severity: 'warning',
    message: (start, entry) =>
      `${start} starts ${entry}, which uses openai, without the instrumentation: nothing is traced.`,
    action: (_, entry, flag) => `node ${flag} ${entry}`,
  },
  set_up_too_late: {
    severity: 'warning',
    message: (setUp, file) =>
      `${setUp} sets the instrumentation up too late. ES modules are all loaded before the first of them runs, and ${file} imports openai.`,
    action: (_, __, remedy) => `${remedy}.`,
  },
  openai_in_bundle: {
    severity: 'warning',
    message: (file) => `${file} has openai in it. No module hook sees it there, so its calls are not traced.`,
    action: () => `Leave openai out of the bundle, or call ${INSTRUMENT} in the program.`,
  },
  spans_switched_off: {
    severity: 'information',
    message: (setting) => `${setting}: no spans are sent.`,
    action: () => 'To have spans, unset it.',
  },
  endpoint_malformed: {
    severity: 'warning',
    message: (problem) => `${problem}.`,
    action: (_, remedy) => `${remedy}.`,
  },
  endpoint_unreachable: {
    severity: 'warning',
    message: (endpoint, reason) => `${endpoint} does not take traces (${reason}).`,
    action: (_, __, remedy) => `${remedy}`,
  },
  other_instrumentation_installed: {
    severity: 'information',
    message: (scope) =>
      scope === '@langfuse/openai'
        ? `${scope} is installed. A client that it wraps has two spans for each call, its own and ours.`
        : `${scope} is installed. Where it is active too, its span stands for the calls that it wraps.`,
    action: (scope) =>
      scope === '@langfuse/openai'
        ? 'Use the client without observeOpenAI. Langfuse takes the spans of this package over OTLP.'
        : `To have ours alone, switch it off: ${switchOff(scope)}`,
  },
  calls_past_openai: {
    severity: 'warning',
    message: (name) =>
      `${name} is installed. Its client sends a part of its calls itself, and not through openai: those have no spans.`,
    action: () =>
      "Use the client of openai with Portkey's address and headers: new OpenAI({ baseURL: PORTKEY_GATEWAY_URL, defaultHeaders: createHeaders({ … }) }).",
  },
  agents_too_old: {
    severity: 'warning',
    message: (version) =>
      `@openai/agents ${version} keeps its traces to itself: calls of models are recorded, but no workflows, agents or tools.`,
    action: (_, oldest) => `Update @openai/agents to ${oldest} or later.`,
  },
};

/** @param details in the order of the parameters in the code's row */
export function describeProjectFinding(code: ProjectFindingCode, ...details: readonly string[]): Finding {
  return fillIn(code, PROJECT_FINDINGS[code], details);
}
