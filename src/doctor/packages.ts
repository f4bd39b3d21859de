import { dirname, join } from 'node:path';
import { copyList } from '../diagnostics/copies.ts';
import {
  describeFinding,
  type Finding,
  type ProjectFindingCode,
  switchOff,
} from '../diagnostics/findings.ts';
import { OTEL_OPENAI, OTHER_INSTRUMENTATIONS, SENTRY_SCOPE } from '../diagnostics/other-instrumentations.ts';
import { isOlder, isTested, OLDEST_AGENTS } from '../diagnostics/tested-versions.ts';
import { asObject, field, textField } from '../util/payload.ts';
import { NAME } from '../util/version.ts';
import { type Check, checked, problem, remark, skippedCheck } from './check.ts';
import { entriesIn, findUpwards, isRegularFile, readManifest, realPathIfAny } from './files.ts';

const API = '@opentelemetry/api';
/** The API version that SDK 3 requires. SDK 2 requires only an older one. */
const API_OF_SDK_3 = '1.10.0';
const INSTALL_SDK = 'npm install @opentelemetry/api @opentelemetry/sdk-node';

/** Packages that provide a tracer provider. */
const SDKS: readonly string[] = ['sdk-node', 'sdk-trace', 'sdk-trace-node', 'sdk-trace-base'].map(
  (name) => `@opentelemetry/${name}`,
);

/** The part of `@openai/agents` that traces. It can be installed on its own, and in several copies. */
const AGENTS_CORE = '@openai/agents-core';

const disable = (name: string): string => `To use this package alone, disable the other: ${switchOff(name)}`;

/** Packages that affect the spans of a project in which they are installed, each with its finding. */
const NEIGHBOURS: readonly (readonly [name: string, finding: Finding])[] = [
  neighbour(
    OTEL_OPENAI,
    'If it is active, this package switches it off where it instruments all clients.',
    disable(OTEL_OPENAI),
  ),
  // Without two whose presence proves nothing: LangChain installs `langsmith`, and Sentry has other uses.
  ...OTHER_INSTRUMENTATIONS.map(({ scope }) => scope)
    .filter((name) => ![OTEL_OPENAI, 'langsmith', SENTRY_SCOPE].includes(name))
    .map((name) =>
      neighbour(
        name,
        'If it is active, its span replaces the one of this package for the calls that it wraps.',
        disable(name),
      ),
    ),
  neighbour(
    '@langfuse/openai',
    'Each call of a client that it wraps has two spans, one from each package.',
    'Use the client without observeOpenAI. Langfuse accepts the spans of this package over OTLP.',
  ),
  neighbour(
    'dd-trace',
    'With DD_TRACE_OTEL_ENABLED=true, each call has two spans, one from each package.',
    'To record each call once, set DD_TRACE_OPENAI_ENABLED=false.',
  ),
  neighbour(
    'portkey-ai',
    'Its client sends some calls itself instead of through openai. These calls have no spans.',
    "Use the client of openai with Portkey's address and headers: new OpenAI({ baseURL: PORTKEY_GATEWAY_URL, defaultHeaders: createHeaders({ … }) }).",
    'calls_past_openai',
  ),
  ...['ai', '@mastra/core'].map((name) =>
    neighbour(
      name,
      'It calls models without openai, so this package does not record them.',
      'If the program calls models with it, use its own telemetry: docs/frameworks.md of this package.',
      'ai_sdk_installed',
    ),
  ),
];

function neighbour(
  name: string,
  effect: string,
  action: string,
  code: ProjectFindingCode = 'other_instrumentation_installed',
): [name: string, finding: Finding] {
  const describe = code === 'calls_past_openai' ? problem : remark;
  return [name, describe(code, `${name} is installed. ${effect}`, action)];
}

export function examinePackages(project: string): Check {
  const names = [NAME, 'openai', API, AGENTS_CORE, ...SDKS, ...NEIGHBOURS.map(([name]) => name)];
  const installed = findInstalled(project, new Set(names));
  if (installed.length === 0 && isRegularFile(join(project, '.pnp.cjs')))
    return skippedCheck('packages', "with Plug'n'Play, only Yarn can find them");
  const copiesOf = (wanted: string): InstalledPackage[] => installed.filter(({ name }) => name === wanted);
  const openai = copiesOf('openai');
  const ours = copiesOf(NAME);
  const findings = [
    ...(openai.length === 0
      ? [problem('openai_not_installed', 'openai is not installed in this project.', 'npm install openai')]
      : []),
    ...openai
      .filter(({ version }) => !isTested(version))
      .map(({ version }) => describeFinding('openai_untested', version)),
    ...(openai.length > 1 ? [describeFinding('openai_twice', copyList(openai))] : []),
    ...(ours.length > 1 ? [describeFinding('package_twice', copyList(ours))] : []),
    ...examineSdks(installed.filter(({ name }) => SDKS.includes(name))),
    ...NEIGHBOURS.flatMap(([name, finding]) => (copiesOf(name).length > 0 ? finding : [])),
    ...copiesOf(AGENTS_CORE)
      .filter(({ version }) => isOlder(version, OLDEST_AGENTS))
      .map(({ version }) =>
        problem(
          'agents_too_old',
          `@openai/agents ${version} does not expose its traces: model calls are recorded, but not workflows, agents or tools.`,
          `Update @openai/agents to ${OLDEST_AGENTS} or later.`,
        ),
      ),
  ];
  return checked('packages', listed(installed) || 'none installed', findings);
}

/**
 * SDK 3 does not start with the API version of SDK 2, and only npm refuses to install the two together. SDK 1 is
 * reported only if no newer SDK is there, because other packages bring their own copy of it.
 */
function examineSdks(sdks: readonly InstalledPackage[]): Finding[] {
  if (sdks.length === 0) {
    const message = 'No OpenTelemetry SDK is installed, so nothing can be recorded.';
    return [problem('no_sdk_installed', message, INSTALL_SDK)];
  }
  if (sdks.every((sdk) => isBefore(2, sdk))) {
    const message = `${listed(sdks)}: this package is tested with SDK 2 and 3 of OpenTelemetry, but not with SDK 1.`;
    return [remark('sdk_too_old', message, INSTALL_SDK)];
  }
  return sdks.flatMap((sdk) => {
    const api = findUpwards(sdk.directory, (folder) =>
      textField(readManifest(join(folder, 'node_modules', API)), 'version'),
    );
    if (isBefore(3, sdk) || api === undefined || !isOlder(api, API_OF_SDK_3)) return [];
    const message = `${listed([sdk])} requires @opentelemetry/api 1.10, but loads ${api}. It may not start, and then nothing is recorded.`;
    const action =
      'Install @opentelemetry/api@1.10. If another package requires an older one, use SDK 2: npm install @opentelemetry/api@1.9 @opentelemetry/sdk-node@0.223';
    return [problem('api_too_old', message, action)];
  });
}

function isBefore(major: number, { name, version }: InstalledPackage): boolean {
  return isOlder(version, name === '@opentelemetry/sdk-node' ? `0.${major}00.0` : `${major}.0.0`);
}

/** A package in a `node_modules` folder. */
interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** The real path, with symbolic links resolved. */
  readonly directory: string;
}

function listed(installed: readonly InstalledPackage[]): string {
  return [...new Set(installed.map(({ name, version }) => `${name} ${version}`))].sort().join(', ');
}

/**
 * The installed copies of the named packages, however deeply nested, also below `node_modules/.pnpm`. Packages that are
 * not found are looked for in the folders above, as Node does, because a workspace has them at its root.
 */
function findInstalled(project: string, names: ReadonlySet<string>, isAbove = false): InstalledPackage[] {
  const found = new Map<string, InstalledPackage>();
  const top = realPathIfAny(join(project, 'node_modules'));
  // Grows while it is read. A folder that is linked from several places is in it once.
  const folders = new Set(top === undefined ? [] : [top]);
  for (const folder of folders)
    for (const [name, directory] of packagesIn(folder)) {
      const nested = realPathIfAny(join(directory, 'node_modules'));
      // A workspace links its other packages there. What those have installed does not belong to this project.
      if (nested !== undefined && (!isAbove || dirname(nested).includes('node_modules'))) folders.add(nested);
      const version = names.has(name) ? textField(readManifest(directory), 'version') : undefined;
      const own = realPathIfAny(directory);
      if (version !== undefined && own !== undefined) found.set(own, { name, version, directory: own });
    }
  const packages = [...found.values()];
  const above = dirname(project);
  if (above === project) return packages;
  const missing = [...names].filter((name) => packages.every((installed) => installed.name !== name));
  return [...packages, ...findInstalled(above, new Set(missing), true)];
}

function packagesIn(folder: string): [name: string, directory: string][] {
  return entriesIn(folder).flatMap((name): [string, string][] => {
    const directory = join(folder, name);
    if (name === '.pnpm') return entriesIn(directory).map((entry) => [entry, join(directory, entry)]);
    if (!name.startsWith('@')) return name.startsWith('.') ? [] : [[name, directory]];
    return entriesIn(directory).map((scoped) => [`${name}/${scoped}`, join(directory, scoped)]);
  });
}

/** Bundlers, each with the setting that leaves `openai` out of the bundle. */
const BUNDLERS: readonly (readonly [name: string, external: string])[] = [
  ['next', "serverExternalPackages: ['openai'] in next.config"],
  ['webpack', "externals: { openai: 'commonjs openai' }"],
  ['esbuild', '--external:openai'],
  ['tsup', "external: ['openai']"],
  ['rollup', "external: ['openai']"],
  ['vite', "ssr: { external: ['openai'] }"],
  ['@vercel/ncc', '--external openai'],
];

export function examineBundlers(manifest: unknown): Check {
  if (manifest === undefined) return skippedCheck('bundlers', 'there is no package.json');
  const wanted = ['dependencies', 'devDependencies'].map((key) => asObject(field(manifest, key)) ?? {});
  const found = BUNDLERS.filter(([name]) => wanted.some((each) => Object.hasOwn(each, name)));
  const findings = found.map(([name, external]) =>
    remark(
      'openai_bundled',
      `The project has ${name}. If it bundles openai, the module hooks cannot find it.`,
      `Mark openai as external (${external}), build with the plugin of ${NAME}/bundler, or call instrumentOpenAI(OpenAI) of ${NAME}/client.`,
    ),
  );
  return checked('bundlers', found.map(([name]) => name).join(', ') || 'none in package.json', findings);
}
