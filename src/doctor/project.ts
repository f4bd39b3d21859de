import module from 'node:module';
import { resolveSettings } from '../config/config.ts';
import { hasConfigurationFile, switchProblem, unknownExporter } from '../config/environment.ts';
import type { Environment } from '../config/option-parsers.ts';
import { unknownVariables } from '../config/unknown-names.ts';
import { describeFinding } from '../diagnostics/findings.ts';
import { textField } from '../util/payload.ts';
import { type Check, checked, distinct, remark } from './check.ts';
import { examineEndpoint } from './collector.ts';
import { findUpwards, readManifest } from './files.ts';
import { examineBundlers, examinePackages } from './packages.ts';
import { examineStart, withoutLaunch } from './start.ts';
import { environmentOf, launchesOf } from './start-scripts.ts';

/** Variables that can turn off tracing or export, each with the value that does so. */
const SWITCHES: readonly (readonly [name: string, off: string])[] = [
  ['OTEL_INSTRUMENTATION_OPENAI_ENABLED', 'false'],
  ['OTEL_SDK_DISABLED', 'true'],
  ['OTEL_TRACES_EXPORTER', 'none'],
  ['OTEL_TRACES_SAMPLER', 'always_off'],
  ['OTEL_TRACES_SAMPLER', 'parentbased_always_off'],
];

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
  const folder = start === undefined ? root : project;
  const launches = launchesOf(manifest, start).map((launch) => ({
    ...launch,
    environment: environmentOf(launch, folder, environment),
  }));
  const isUnknown = launches.length === 0;
  const environments = isUnknown ? [environment] : launches.map((launch) => launch.environment);
  return [
    examinePackages(project),
    examineBundlers(manifest),
    examineNode(isUnknown && textField(manifest, 'type') === 'module'),
    ...(isUnknown ? [withoutLaunch(start)] : launches.map((launch) => examineStart(launch, root, folder))),
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
  const ignored = [switchProblem(environment), isReplaced ? undefined : unknownExporter(environment)];
  problems.push(...ignored.flatMap((problem) => problem ?? []), ...unknownVariables(environment));
  const named = Object.keys(environment).filter((name) => name.startsWith('OTEL_'));
  return checked('settings', named.sort().join(', ') || 'no OTEL_* variable is set', [
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

/** @param isModule whether the project consists of ES modules, as far as that is known without a start script */
function examineNode(isModule: boolean): Check {
  const { version } = process;
  if (typeof module.registerHooks === 'function')
    return checked('Node', `${version} hooks ES modules and CommonJS`);
  const findings = isModule ? [describeFinding('node_too_old', `Node ${version}`)] : [];
  return checked('Node', `${version} hooks CommonJS only`, findings);
}
