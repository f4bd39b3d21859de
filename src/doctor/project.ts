import module from 'node:module';
import { join } from 'node:path';
import { resolveSettings } from '../config/config.ts';
import { unknownExporter } from '../config/exporter-variables.ts';
import { switchProblem } from '../config/kill-switch.ts';
import { unknownVariables } from '../config/unknown-names.ts';
import { describeCopies } from '../diagnostics/copies.ts';
import { describeFinding, type Finding } from '../diagnostics/findings.ts';
import { OTHER_INSTRUMENTATIONS, SENTRY_SCOPE } from '../diagnostics/other-instrumentations.ts';
import { isTested, isTooOldForAgents, OLDEST_AGENTS } from '../diagnostics/tested-versions.ts';
import { asObject, field, textField } from '../util/payload.ts';
import { NAME } from '../util/version.ts';
import { findBatches } from './batch-size.ts';
import { type Check, checked, skippedCheck } from './check.ts';
import { examineEndpoint } from './endpoint.ts';
import { isRegularFile, nearestManifest } from './files.ts';
import { findInstalled, type InstalledPackage } from './installed.ts';
import { describeProjectFinding, SECOND_SPANS } from './project-findings.ts';
import { API, examineApi } from './sdk-api.ts';
import { examineStart } from './start.ts';
import { environmentOf, launchesIn, launchesOf, scriptsOf, usesConfigurationFile } from './start-scripts.ts';

type ProjectEnvironment = Readonly<Record<string, string | undefined>>;

/** Packages that bring a tracer provider. */
const SDKS: readonly string[] = ['sdk-node', 'sdk-trace', 'sdk-trace-node', 'sdk-trace-base'].map(
  (name) => `@opentelemetry/${name}`,
);

/** Its client sends a part of its calls with a transport of its own. */
const PORTKEY = 'portkey-ai';

/** Vercel's AI SDK, and what contains it. */
const AI_SDKS: readonly string[] = ['ai', '@mastra/core'];

/** The part of `@openai/agents` that traces. It may be there alone, and in several copies. */
const AGENTS_CORE = '@openai/agents-core';

/** LangChain brings `langsmith`, and Sentry has other uses. */
const OTHER_USES: readonly string[] = ['langsmith', SENTRY_SCOPE];

/** Other instrumentations. A project that has one uses it. */
const INSTALLED_OTHERS: readonly string[] = [
  ...OTHER_INSTRUMENTATIONS.map(({ scope }) => scope).filter((scope) => !OTHER_USES.includes(scope)),
  ...Object.keys(SECOND_SPANS),
];

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

function examinePackages(project: string): Check {
  const names = [NAME, 'openai', API, PORTKEY, AGENTS_CORE, ...SDKS, ...INSTALLED_OTHERS, ...AI_SDKS];
  const installed = findInstalled(project, new Set(names));
  if (installed.length === 0 && isRegularFile(join(project, '.pnp.cjs')))
    return skippedCheck('packages', "with Plug'n'Play, only Yarn can find them");
  const has = (wanted: string): boolean => installed.some(({ name }) => name === wanted);
  const others = INSTALLED_OTHERS.filter(has);
  return checked('packages', describePackages(installed), [
    ...examineCopies(installed),
    ...examineSdk(installed),
    ...others.map((scope) => describeProjectFinding('other_instrumentation_installed', scope)),
    ...(has(PORTKEY) ? [describeProjectFinding('calls_past_openai', PORTKEY)] : []),
    ...AI_SDKS.filter(has).map((name) => describeProjectFinding('ai_sdk_installed', name)),
    ...examineAgents(installed),
  ]);
}

function describePackages(installed: readonly InstalledPackage[]): string {
  const said = installed.map(({ name, version }) => `${name} ${version}`);
  return said.length === 0 ? 'none installed' : [...new Set(said)].sort().join(', ');
}

function examineCopies(installed: readonly InstalledPackage[]): Finding[] {
  const openai = installed.filter(({ name }) => name === 'openai');
  const ours = installed.filter(({ name }) => name === NAME);
  const versions = new Set(openai.map(({ version }) => version));
  return [
    ...(openai.length === 0 ? [describeProjectFinding('openai_not_installed')] : []),
    ...[...versions]
      .filter((version) => !isTested(version))
      .map((version) => describeFinding('openai_untested', version)),
    ...(openai.length > 1 ? [describeFinding('openai_twice', ...describeCopies(openai))] : []),
    ...(ours.length > 1 ? [describeFinding('package_twice', ...describeCopies(ours))] : []),
  ];
}

function examineAgents(installed: readonly InstalledPackage[]): Finding[] {
  const versions = installed.filter(({ name }) => name === AGENTS_CORE).map(({ version }) => version);
  return [...new Set(versions)]
    .filter(isTooOldForAgents)
    .map((version) => describeProjectFinding('agents_too_old', version, OLDEST_AGENTS));
}

function examineSdk(installed: readonly InstalledPackage[]): Finding[] {
  const sdks = installed.filter(({ name }) => SDKS.includes(name));
  return sdks.length === 0 ? [describeProjectFinding('no_sdk_installed')] : examineApi(sdks);
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
