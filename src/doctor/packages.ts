import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeCopies } from '../diagnostics/copies.ts';
import { describeFinding, type Finding } from '../diagnostics/findings.ts';
import { OTHER_INSTRUMENTATIONS, SENTRY_SCOPE } from '../diagnostics/other-instrumentations.ts';
import { isOlder, isTested, isTooOldForAgents, OLDEST_AGENTS } from '../diagnostics/tested-versions.ts';
import { textField } from '../util/payload.ts';
import { NAME } from '../util/version.ts';
import { type Check, checked, skippedCheck } from './check.ts';
import { isRegularFile, readManifest, realPathIfAny } from './files.ts';
import { describeProjectFinding, SECOND_SPANS } from './project-findings.ts';

const API = '@opentelemetry/api';
/** What SDK 3 requires. SDK 2 requires an older one. */
const API_OF_SDK_3 = '1.10.0';

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

export function examinePackages(project: string): Check {
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

/**
 * SDK 3 does not start with the API of SDK 2. Only npm refuses to install the two together. SDK 1 counts only alone: other
 * packages bring a copy of their own.
 */
function examineApi(sdks: readonly InstalledPackage[]): Finding[] {
  if (sdks.every((sdk) => isBefore(2, sdk))) {
    const names = new Set(sdks.map(({ name, version }) => `${name} ${version}`));
    return [describeProjectFinding('sdk_too_old', [...names].sort().join(', '))];
  }
  const sdks3 = sdks.filter((sdk) => !isBefore(3, sdk));
  const found = sdks3.flatMap(({ name, version, directory }): [string, string][] => {
    const api = apiOf(directory);
    return api !== undefined && isOlder(api, API_OF_SDK_3) ? [[`${name} ${version}`, api]] : [];
  });
  return [...new Map(found)].map((names) => describeProjectFinding('api_too_old', ...names));
}

function isBefore(major: number, { name, version }: InstalledPackage): boolean {
  return isOlder(version, name === '@opentelemetry/sdk-node' ? `0.${major}00.0` : `${major}.0.0`);
}

/** The version of the API that a package loads. */
function apiOf(directory: string): string | undefined {
  const version = textField(readManifest(join(directory, 'node_modules', API)), 'version');
  const above = dirname(directory);
  return version ?? (above === directory ? undefined : apiOf(above));
}

/** A package in a `node_modules` folder. */
interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** Where it really is: links are followed. */
  readonly directory: string;
}

/**
 * The copies of the named packages that are installed in a project, wherever they are nested; also below
 * `node_modules/.pnpm`. What is not there is looked for in the folders above, as resolution does: a workspace
 * has it at its root. What cannot be read is left out.
 */
function findInstalled(project: string, names: ReadonlySet<string>, above = false): InstalledPackage[] {
  const found = new Map<string, InstalledPackage>();
  const visited = new Set<string>();
  const top = join(project, 'node_modules');
  const waiting = [top];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const real = realPathIfAny(folder);
    if (real === undefined || visited.has(real)) continue;
    visited.add(real);
    // The other packages of a workspace are linked there; what they have is theirs.
    if (above && folder !== top && !dirname(real).includes('node_modules')) continue;
    for (const [name, directory] of packagesIn(real)) {
      waiting.push(join(directory, 'node_modules'));
      const read = names.has(name) ? readPackage(directory) : undefined;
      if (read !== undefined) found.set(read.directory, read);
    }
  }
  const packages = [...found.values()];
  const folder = dirname(project);
  if (folder === project) return packages;
  const missing = [...names].filter((name) => packages.every((installed) => installed.name !== name));
  return [...packages, ...findInstalled(folder, new Set(missing), true)];
}

function packagesIn(folder: string): [name: string, directory: string][] {
  return entries(folder).flatMap((name): [string, string][] => {
    const directory = join(folder, name);
    if (name === '.pnpm') return entries(directory).map((entry) => [entry, join(directory, entry)]);
    if (!name.startsWith('@')) return name.startsWith('.') ? [] : [[name, directory]];
    return entries(directory).map((scoped) => [`${name}/${scoped}`, join(directory, scoped)]);
  });
}

function readPackage(directory: string): InstalledPackage | undefined {
  const manifest = readManifest(directory);
  const name = textField(manifest, 'name');
  const version = textField(manifest, 'version');
  if (name === undefined || version === undefined) return undefined;
  return { name, version, directory: realPathIfAny(directory) ?? directory };
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
