import {
  type Finding,
  type FindingRow,
  fillIn,
  INSTRUMENT,
  type ProjectFindingCode,
  switchOff,
  UNWRAP_LANGFUSE,
} from '../diagnostics/findings.ts';
import { OTEL_OPENAI } from '../diagnostics/other-instrumentations.ts';
import { NAME } from '../util/version.ts';

/** Packages whose spans stand beside ours: when they do, and how to have each call once. */
export const SECOND_SPANS: Readonly<
  Record<string, { readonly when: string; readonly action: () => string }>
> = {
  '@langfuse/openai': {
    when: 'Each call of a client that it wraps',
    action: () => UNWRAP_LANGFUSE,
  },
  'dd-trace': {
    when: 'With DD_TRACE_OTEL_ENABLED=true, each call',
    action: () => 'To record each call once, set DD_TRACE_OPENAI_ENABLED=false.',
  },
};

/** The wording of findings about projects, which running programs do not load. What `messages.ts` exports loads later. */
const PROJECT_FINDINGS: Readonly<Record<ProjectFindingCode, FindingRow>> = {
  no_sdk_installed: {
    message: 'No OpenTelemetry SDK is installed, so nothing can be recorded.',
    action: 'npm install @opentelemetry/api @opentelemetry/sdk-node',
  },
  no_sdk_started: {
    severity: 'information',
    message: (entry) =>
      `No import of an OpenTelemetry SDK was found in the files that ${entry} loads. If nothing else starts one, nothing is recorded.`,
    action: `Start one, or use --import ${NAME}/register.`,
  },
  api_too_old: {
    message: (sdk, api) =>
      `${sdk} requires @opentelemetry/api 1.10, but loads ${api}. It may not start, and then nothing is recorded.`,
    action:
      'Install @opentelemetry/api@1.10. If another package requires an older one, use SDK 2: npm install @opentelemetry/api@1.9 @opentelemetry/sdk-node@0.223',
  },
  sdk_too_old: {
    severity: 'information',
    message: (sdks) =>
      `${sdks}: this package is tested with SDK 2 and 3 of OpenTelemetry, but not with SDK 1.`,
    action: 'npm install @opentelemetry/api @opentelemetry/sdk-node',
  },
  openai_bundled: {
    severity: 'information',
    message: (bundler) =>
      `The project has ${bundler}. If it bundles openai, the module hooks cannot find it.`,
    action: (_, external) => `Mark openai as external (${external}), or call ${INSTRUMENT}.`,
  },
  openai_not_installed: {
    message: 'openai is not installed in this project.',
    action: 'npm install openai',
  },
  set_up_not_loaded: {
    message: (start, entry) =>
      `${start} starts ${entry}, which uses openai, without the instrumentation: nothing is traced.`,
    action: (_, __, command) => `${command}`,
  },
  preload_without_effect: {
    message: (start, entry) =>
      `${start} loads ${entry}, which instruments nothing by itself: nothing is traced.`,
    action: (_, __, command) => `${command}`,
  },
  set_up_too_late: {
    message: (setUp, file) =>
      `${setUp} sets up the instrumentation too late: all ES modules are loaded before the first of them runs, and ${file} imports openai.`,
    action: (_, __, remedy) => `${remedy}.`,
  },
  openai_in_bundle: {
    message: (file) =>
      `${file} contains openai. The module hooks cannot find it there, so its calls are not traced.`,
    action: () => `Keep openai out of the bundle, or call ${INSTRUMENT} in the program.`,
  },
  spans_switched_off: {
    severity: 'information',
    message: (setting) => `${setting}: no spans are sent.`,
    action: 'To send spans, unset it.',
  },
  endpoint_malformed: {
    message: (problem) => `${problem}.`,
    action: (_, remedy) => `${remedy}.`,
  },
  endpoint_unreachable: {
    message: (endpoint, reason) => `${endpoint} does not accept traces (${reason}).`,
    action: (_, __, remedy) => `${remedy}`,
  },
  other_instrumentation_installed: {
    severity: 'information',
    message: (scope = '') => {
      const second = SECOND_SPANS[scope];
      if (second !== undefined)
        return `${scope} is installed. ${second.when} has two spans, one from each package.`;
      return scope === OTEL_OPENAI
        ? `${scope} is installed. If it is active, this package switches it off where it instruments all clients.`
        : `${scope} is installed. If it is active, its span replaces the one of this package for the calls that it wraps.`;
    },
    action: (scope = '') =>
      SECOND_SPANS[scope]?.action() ?? `To use this package alone, disable the other: ${switchOff(scope)}`,
  },
  calls_past_openai: {
    message: (name) =>
      `${name} is installed. Its client sends some calls itself instead of through openai. These calls have no spans.`,
    action:
      "Use the client of openai with Portkey's address and headers: new OpenAI({ baseURL: PORTKEY_GATEWAY_URL, defaultHeaders: createHeaders({ … }) }).",
  },
  ai_sdk_installed: {
    severity: 'information',
    message: (name) =>
      `${name} is installed. It calls models without openai, so this package does not record them.`,
    action: 'If the program calls models with it, use its own telemetry: docs/frameworks.md of this package.',
  },
  agents_too_old: {
    message: (version) =>
      `@openai/agents ${version} does not expose its traces: model calls are recorded, but not workflows, agents or tools.`,
    action: (_, oldest) => `Update @openai/agents to ${oldest} or later.`,
  },
};

/** @param details in the order of the parameters in the code's row */
export function describeProjectFinding(code: ProjectFindingCode, ...details: readonly string[]): Finding {
  return fillIn(code, PROJECT_FINDINGS[code], details);
}
