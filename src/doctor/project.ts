import module from 'node:module';
import { resolveSettings } from '../config/config.ts';
import { unknownExporter } from '../config/exporter-variables.ts';
import { switchProblem } from '../config/kill-switch.ts';
import { unknownVariables } from '../config/unknown-names.ts';
import { describeFinding } from '../diagnostics/findings.ts';
import { asObject, field, textField } from '../util/payload.ts';
import { findBatches } from './batch-size.ts';
import { type Check, checked, skippedCheck } from './check.ts';
import { examineEndpoint } from './endpoint.ts';
import { nearestManifest } from './files.ts';
import { examinePackages } from './packages.ts';
import { describeProjectFinding } from './project-findings.ts';
import { examineStart } from './start.ts';
import { environmentOf, launchesIn, launchesOf, scriptsOf, usesConfigurationFile } from './start-scripts.ts';

type ProjectEnvironment = Readonly<Record<string, string | undefined>>;

/** Bundlers, and how each is told to leave `openai` alone. */
const BUNDLERS: readonly (readonly [name: string, external: string])[] = [
  ['next', "serverExternalPackages: ['openai'] in next.config"],
  ['webpack', "externals: { openai: 'commonjs openai' }"],
  ['esbuild', '--external:openai'],
  ['tsup', "external: ['openai']"],
  ['rollup', "external: ['openai']"],
  ['vite', "ssr: { external: ['openai'] }"],
  ['@vercel/ncc', '--external openai'],
];

/** Variables that keep spans from being made or sent, and the values that do. */
const SWITCHES: readonly (readonly [name: string, off: string])[] = [
  ['OTEL_INSTRUMENTATION_OPENAI_ENABLED', 'false'],
  ['OTEL_SDK_DISABLED', 'true'],
  ['OTEL_TRACES_EXPORTER', 'none'],
  ['OTEL_TRACES_SAMPLER', 'always_off'],
  ['OTEL_TRACES_SAMPLER', 'parentbased_always_off'],
];

/** What is looked at. */
export interface ProjectSubject {
  /** The folder of the project, as an absolute path. */
  readonly project: string;
  readonly environment: ProjectEnvironment;
  /** A command to examine in the place of the start scripts. */
  readonly start?: string | undefined;
  readonly nodeVersion?: string;
}

/**
 * Looks at a project that is not running: at its `node_modules`, its package.json, the files that its scripts start, and
 * the environment. Runs none of its code, and opens no connection.
 */
export function examineProject({
  project,
  environment,
  start,
  nodeVersion = process.version,
}: ProjectSubject): Check[] {
  const { folder = project, manifest } = nearestManifest(project) ?? {};
  const launches =
    start === undefined ? launchesOf(manifest) : launchesIn(undefined, start, scriptsOf(manifest));
  const runIn = start === undefined ? folder : project;
  const started = launches.map((launch) => {
    const set = environmentOf(launch, runIn, environment);
    return { set, isReplaced: usesConfigurationFile(launch, set) };
  });
  const environments = launches.length === 0 ? [{ set: environment, isReplaced: false }] : started;
  return [
    examinePackages(project),
    examineBundlers(manifest),
    examineNode(nodeVersion, launches.length === 0 ? manifest : undefined),
    ...examineStart(launches, { root: folder, folder: runIn, environment, nodeVersion, start }),
    ...distinct(environments.map(({ set, isReplaced }) => examineSettings(set, isReplaced))),
    ...distinct(environments.map(({ set, isReplaced }) => examineEndpoint(set, isReplaced))),
  ];
}

/** Several scripts mostly have the same. */
function distinct(checks: readonly Check[]): Check[] {
  return [...new Map(checks.map((check) => [JSON.stringify(check), check])).values()];
}

function examineBundlers(manifest: unknown): Check {
  if (manifest === undefined) return skippedCheck('bundlers', 'there is no package.json');
  const wanted = {
    ...asObject(field(manifest, 'dependencies')),
    ...asObject(field(manifest, 'devDependencies')),
  };
  const found = BUNDLERS.filter(([name]) => Object.hasOwn(wanted, name));
  const detail = found.length === 0 ? 'none in package.json' : found.map(([name]) => name).join(', ');
  return checked(
    'bundlers',
    detail,
    found.map(([name, external]) => describeProjectFinding('openai_bundled', name, external)),
  );
}

/** @param isReplaced whether a configuration file sets up exporters and sampler */
function examineSettings(environment: ProjectEnvironment, isReplaced: boolean): Check {
  const problems: string[] = [];
  const settings = resolveSettings({}, (problem) => problems.push(problem), environment);
  for (const problem of [switchProblem(environment), isReplaced ? undefined : unknownExporter(environment)])
    if (problem !== undefined) problems.push(problem);
  problems.push(...unknownVariables(environment));
  const { captureMessageContent } = settings;
  const named = Object.keys(environment)
    .filter((name) => name.startsWith('OTEL_'))
    .sort();
  return checked('settings', named.length === 0 ? 'no OTEL_* variable is set' : named.join(', '), [
    ...problems.map((problem) => describeFinding('option_not_accepted', problem)),
    ...SWITCHES.filter(([name]) => !isReplaced || !name.startsWith('OTEL_TRACES_'))
      .filter(([name, off]) => environment[name]?.trim().toLowerCase() === off)
      .map(([name, off]) => describeProjectFinding('spans_switched_off', `${name}=${off}`)),
    ...(captureMessageContent === 'NO_CONTENT'
      ? []
      : [describeFinding('content_recorded', captureMessageContent)]),
    ...(isReplaced ? [] : findBatches(environment, settings)),
  ]);
}

/** @param manifest of a project whose start is not known: then its type tells what is imported */
function examineNode(version: string, manifest: unknown): Check {
  if (typeof module.registerHooks === 'function')
    return checked('Node', `${version} hooks ES modules and CommonJS`);
  const isMissed = textField(manifest, 'type') === 'module';
  return checked(
    'Node',
    `${version} hooks CommonJS only`,
    isMissed ? [describeFinding('node_too_old', `Node ${version}`)] : [],
  );
}
