import { resolve } from 'node:path';
import { COMMAND } from 'openai-traces-viewer/shared/names.ts';
import { resolveSettings } from '../config/config.ts';
import { ignoredFileOptions } from '../config/declarative-file.ts';
import { CONFIG_FILE_VARIABLE, sdkProblems, switchesOff, switchProblem } from '../config/environment.ts';
import { unknownVariables } from '../config/unknown-names.ts';
import { describeFinding } from '../diagnostics/findings.ts';
import type { Environment } from '../util/variables.ts';
import { type Check, checked, distinct, findingsOf, remark, skippedCheck } from './check.ts';
import { examineEndpoint } from './collector.ts';
import { findUpwards, readManifest, readRegularFile } from './files.ts';
import { describeLargeBatch } from './large-batch.ts';
import { examineBundlers, examinePackages } from './packages.ts';
import { examineStart, START_SCRIPT } from './start-check.ts';
import { launchesOf } from './start-scripts.ts';

/** The size limit in bytes of a configuration file of OpenTelemetry. */
const MAX_CONFIGURATION_SIZE = 1_000_000;

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
export function examineProject(subject: ProjectSubject): Check[] {
  const { project, start } = subject;
  const { root, folder, manifest, launches } = startsOf(subject);
  const starts = launches.map((launch) => examineStart(launch, root, folder));
  if (launches.length === 0) {
    const named =
      start === undefined ? 'no start, serve or dev script of package.json runs' : 'the command does not run';
    const remedy = `Give the command: ${COMMAND} doctor --start "node app.mjs"`;
    starts.push(skippedCheck(START_SCRIPT, `${named} a file with Node. ${remedy}`));
  }
  const environments = environmentsOf(subject);
  return [
    examinePackages(project),
    // If a start script shows that a bundle contains `openai`, the remark that it may do so is left out.
    examineBundlers(
      manifest,
      findingsOf(starts).every(({ code }) => code !== 'openai_in_bundle'),
    ),
    ...starts,
    // Several start scripts often have the same settings.
    ...distinct(environments.map((each) => examineSettings(each, folder))),
    ...distinct(environments.map(examineEndpoint)),
  ];
}

function startsOf({ project, environment, start }: ProjectSubject) {
  const root =
    findUpwards(project, (each) => (readManifest(each) === undefined ? undefined : each)) ?? project;
  const manifest = readManifest(root);
  const folder = start === undefined ? root : project;
  return { root, folder, manifest, launches: launchesOf(manifest, folder, environment, start) };
}

/** The environments in which the project's programs start: variables may stand in commands and `.env` files. */
export function environmentsOf(subject: ProjectSubject): Environment[] {
  const { launches } = startsOf(subject);
  return launches.length === 0
    ? [subject.environment]
    : distinct(launches.map(({ environment }) => environment));
}

function examineSettings(environment: Environment, folder: string): Check {
  const problems: string[] = [];
  const settings = resolveSettings({}, (problem) => problems.push(problem), environment);
  const { captureMessageContent } = settings;
  const ofSwitch = switchProblem(environment);
  if (ofSwitch !== undefined) problems.push(ofSwitch);
  problems.push(...sdkProblems(environment), ...unknownVariables(environment));
  const file = environment[CONFIG_FILE_VARIABLE]?.trim();
  if (file)
    problems.push(
      ...ignoredFileOptions(readRegularFile(resolve(folder, file), MAX_CONFIGURATION_SIZE) ?? ''),
    );
  const findings = problems.map((problem) => describeFinding('option_not_accepted', problem));
  const named = Object.keys(environment).filter((name) => name.startsWith('OTEL_'));
  for (const [name, effect, wish] of switchesOff(environment)) {
    const setting = `${name}=${environment[name]?.trim()}`;
    findings.push(remark('spans_switched_off', `${setting}: ${effect}.`, `To ${wish}, unset it.`));
  }
  if (captureMessageContent !== 'NO_CONTENT' && typeof captureMessageContent !== 'function')
    findings.push(describeFinding('content_recorded', captureMessageContent));
  findings.push(...describeLargeBatch(settings, environment));
  return checked('settings', named.sort().join(', ') || 'no OTEL_* variable is set', findings);
}
