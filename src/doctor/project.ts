import module from 'node:module';
import { resolveSettings } from '../config/config.ts';
import { hasConfigurationFile, switchProblem, unknownExporter } from '../config/environment.ts';
import type { Environment } from '../config/option-parsers.ts';
import { unknownVariables } from '../config/unknown-names.ts';
import { describeFinding } from '../diagnostics/findings.ts';
import { textField } from '../util/payload.ts';
import { type Check, checked, remark } from './check.ts';
import { examineEndpoint } from './collector.ts';
import { findUpwards, readManifest } from './files.ts';
import { examineBundlers, examinePackages } from './packages.ts';
import { examineStart } from './start.ts';
import { environmentOf, launchesIn, launchesOf, scriptsOf } from './start-scripts.ts';

/** Variables that can turn off tracing or export, each with the value that does so. */
const SWITCHES: readonly (readonly [name: string, off: string])[] = [
  ['OTEL_INSTRUMENTATION_OPENAI_ENABLED', 'false'],
  ['OTEL_SDK_DISABLED', 'true'],
  ['OTEL_TRACES_EXPORTER', 'none'],
  ['OTEL_TRACES_SAMPLER', 'always_off'],
  ['OTEL_TRACES_SAMPLER', 'parentbased_always_off'],
];

/** What `examineProject` examines. */
export interface ProjectSubject {
  /** The folder of the project, as an absolute path. */
  readonly project: string;
  readonly environment: Environment;
  /** A command to examine instead of the start scripts. */
  readonly start?: string | undefined;
}

/**
 * Looks at a project that is not running: at its `node_modules`, its package.json, the files that its scripts start, and
 * the environment. Runs none of its code, and opens no connection.
 */
export function examineProject({ project, environment, start }: ProjectSubject): Check[] {
  const root =
    findUpwards(project, (each) => (readManifest(each) === undefined ? undefined : each)) ?? project;
  const manifest = readManifest(root);
  const launches =
    start === undefined ? launchesOf(manifest) : launchesIn(undefined, start, scriptsOf(manifest));
  const folder = start === undefined ? root : project;
  const environments = launches.map((launch) => environmentOf(launch, folder, environment));
  const set = launches.length === 0 ? [environment] : environments;
  return [
    examinePackages(project),
    examineBundlers(manifest),
    examineNode(launches.length === 0 ? manifest : undefined),
    ...examineStart(launches, { root, folder, environment, start }),
    ...distinct(set.map(examineSettings)),
    ...distinct(set.map(examineEndpoint)),
  ];
}

/** Removes duplicates: several start scripts often have the same settings. */
function distinct(checks: readonly Check[]): Check[] {
  return [...new Map(checks.map((check) => [JSON.stringify(check), check])).values()];
}

function examineSettings(environment: Environment): Check {
  // A configuration file sets up exporters and the sampler in place of these variables.
  const isReplaced = hasConfigurationFile(environment);
  const problems: string[] = [];
  const { captureMessageContent } = resolveSettings({}, (problem) => problems.push(problem), environment);
  for (const problem of [switchProblem(environment), isReplaced ? undefined : unknownExporter(environment)])
    if (problem !== undefined) problems.push(problem);
  problems.push(...unknownVariables(environment));
  const named = Object.keys(environment)
    .filter((name) => name.startsWith('OTEL_'))
    .sort();
  return checked('settings', named.join(', ') || 'no OTEL_* variable is set', [
    ...problems.map((problem) => describeFinding('option_not_accepted', problem)),
    ...SWITCHES.filter(([name]) => !isReplaced || !name.startsWith('OTEL_TRACES_'))
      .filter(([name, off]) => environment[name]?.trim().toLowerCase() === off)
      .map(([name, off]) =>
        remark('spans_switched_off', `${name}=${off}: no spans are sent.`, 'To send spans, unset it.'),
      ),
    ...(captureMessageContent === 'NO_CONTENT' || typeof captureMessageContent === 'function'
      ? []
      : [describeFinding('content_recorded', captureMessageContent)]),
  ]);
}

/**
 * @param manifest the package.json if no start script was found: its `type` then tells how the program imports packages
 */
function examineNode(manifest: unknown): Check {
  const { version } = process;
  if (typeof module.registerHooks === 'function')
    return checked('Node', `${version} hooks ES modules and CommonJS`);
  const isMissed = textField(manifest, 'type') === 'module';
  const findings = isMissed ? [describeFinding('node_too_old', `Node ${version}`)] : [];
  return checked('Node', `${version} hooks CommonJS only`, findings);
}
