import { resolveSettings } from '../config/config.ts';
import { exporterProblem, hasConfigurationFile, switchProblem } from '../config/environment.ts';
import type { Environment } from '../config/option-parsers.ts';
import { unknownVariables } from '../config/unknown-names.ts';
import { describeFinding } from '../diagnostics/findings.ts';
import { COMMAND } from '../util/version.ts';
import { type Check, checked, distinct, findingsOf, remark, skippedCheck } from './check.ts';
import { examineEndpoint } from './collector.ts';
import { findUpwards, readManifest } from './files.ts';
import { examineBundlers, examinePackages } from './packages.ts';
import { examineStart, START_SCRIPT } from './start-check.ts';
import { launchesOf } from './start-scripts.ts';

const UNSENT = ['no spans are sent', 'send spans'] as const;
/** Settings that turn off tracing or export. `wish` completes the remedy "To …, unset it." */
const SWITCHES: Readonly<Record<string, readonly [effect: string, wish: string]>> = {
  'OTEL_INSTRUMENTATION_OPENAI_ENABLED=false': ['calls of openai are not recorded', 'record them'],
  'OTEL_SDK_DISABLED=true': UNSENT,
  'OTEL_TRACES_EXPORTER=none': UNSENT,
  'OTEL_TRACES_SAMPLER=always_off': UNSENT,
  'OTEL_TRACES_SAMPLER=parentbased_always_off': UNSENT,
};

export interface ProjectSubject {
  /** An absolute path. */
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
  const folder = start === undefined ? root : project;
  const launches = launchesOf(manifest, folder, environment, start);
  const starts = launches.map((launch) => examineStart(launch, root, folder));
  const environments = launches.map((launch) => launch.environment);
  if (launches.length === 0) {
    const named =
      start === undefined ? 'no start, serve or dev script of package.json runs' : 'the command does not run';
    const remedy = `Give the command: ${COMMAND} doctor --start "node app.mjs"`;
    starts.push(skippedCheck(START_SCRIPT, `${named} a file with Node. ${remedy}`));
    environments.push(environment);
  }
  return [
    examinePackages(project),
    // If a start script shows that a bundle contains `openai`, the remark that it may do so is left out.
    examineBundlers(
      manifest,
      findingsOf(starts).every(({ code }) => code !== 'openai_in_bundle'),
    ),
    ...starts,
    // Several start scripts often have the same settings.
    ...distinct(environments.map(examineSettings)),
    ...distinct(environments.map(examineEndpoint)),
  ];
}

function examineSettings(environment: Environment): Check {
  // A configuration file sets up exporters and the sampler in place of these variables.
  const isReplaced = hasConfigurationFile(environment);
  const problems: string[] = [];
  const { captureMessageContent } = resolveSettings({}, (problem) => problems.push(problem), environment);
  const ignored = [switchProblem(environment), isReplaced ? undefined : exporterProblem(environment)];
  problems.push(...ignored.flatMap((problem) => problem ?? []), ...unknownVariables(environment));
  const findings = problems.map((problem) => describeFinding('option_not_accepted', problem));
  const named = Object.keys(environment).filter((name) => name.startsWith('OTEL_'));
  for (const name of named) {
    const setting = `${name}=${environment[name]?.trim().toLowerCase()}`;
    const [effect, wish] = SWITCHES[setting] ?? [];
    if (effect !== undefined && !(isReplaced && name.startsWith('OTEL_TRACES_')))
      findings.push(remark('spans_switched_off', `${setting}: ${effect}.`, `To ${wish}, unset it.`));
  }
  if (captureMessageContent !== 'NO_CONTENT' && typeof captureMessageContent !== 'function')
    findings.push(describeFinding('content_recorded', captureMessageContent));
  return checked('settings', named.sort().join(', ') || 'no OTEL_* variable is set', findings);
}
