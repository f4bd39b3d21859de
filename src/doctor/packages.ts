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

/** A package that affects the spans of a project in which it is installed. */
interface Neighbour {
  readonly names: readonly string[];
  readonly code: ProjectFindingCode;
  readonly effect: string;
  readonly action: string | ((name: string) => string);
}

const disable = (name: string): string => `To use this package alone, disable the other: ${switchOff(name)}`;

const NEIGHBOURS: readonly Neighbour[] = [
  {
    names: [OTEL_OPENAI],
    code: 'other_instrumentation_installed',
    effect: 'If it is active, this package switches it off where it instruments all clients.',
    action: disable,
  },
  {
    // Leaves out two whose presence proves nothing: LangChain installs `langsmith`, and Sentry has other uses.
    names: OTHER_INSTRUMENTATIONS.map(({ scope }) => scope).filter(
      (scope) => ![OTEL_OPENAI, 'langsmith', SENTRY_SCOPE].includes(scope),
    ),
    code: 'other_instrumentation_installed',
    effect: 'If it is active, its span replaces the one of this package for the calls that it wraps.',
    action: disable,
  },
  {
    names: ['@langfuse/openai'],
    code: 'other_instrumentation_installed',
    effect: 'Each call of a client that it wraps has two spans, one from each package.',
    action: 'Use the client without observeOpenAI. Langfuse accepts the spans of this package over OTLP.',
  },
  {
    names: ['dd-trace'],
    code: 'other_instrumentation_installed',
    effect: 'With DD_TRACE_OTEL_ENABLED=true, each call has two spans, one from each package.',
    action: 'To record each call once, set DD_TRACE_OPENAI_ENABLED=false.',
  },
  {
    names: ['portkey-ai'],
    code: 'calls_past_openai',
    effect: 'Its client sends some calls itself instead of through openai. These calls have no spans.',
    action:
      "Use the client of openai with Portkey's address and headers: new OpenAI({ baseURL: PORTKEY_GATEWAY_URL, defaultHeaders: createHeaders({ … }) }).",
  },
  {
    names: ['ai', '@mastra/core'],
    code: 'ai_sdk_installed',
    effect: 'It calls models without openai, so this package does not record them.',
    action: 'If the program calls models with it, use its own telemetry: docs/frameworks.md of this package.',
  },
];

export function examinePackages(project: string): Check {
  const names = [NAME, 'openai', API, AGENTS_CORE, ...SDKS, ...NEIGHBOURS.flatMap((each) => each.names)];
  const installed = findInstalled(project, new Set(names));
  if (installed.length === 0 && isRegularFile(join(project, '.pnp.cjs')))
    return skippedCheck('packages', "with Plug'n'Play, only Yarn can find them");
  const said = new Set(installed.map(({ name, version }) => `${name} ${version}`));
  return checked('packages', [...said].sort().join(', ') || 'none installed', [
    ...examineCopies(installed),
    ...examineSdks(installed.filter(({ name }) => SDKS.includes(name))),
    ...NEIGHBOURS.flatMap((neighbour) => findNeighbours(neighbour, installed)),
    ...versionsOf(AGENTS_CORE, installed)
      .filter((version) => isOlder(version, OLDEST_AGENTS))
      .map((version) =>
        problem(
          'agents_too_old',
          `@openai/agents ${version} does not expose its traces: model calls are recorded, but not workflows, agents or tools.`,
          `Update @openai/agents to ${OLDEST_AGENTS} or later.`,
        ),
      ),
  ]);
}

function findNeighbours(
  { names, code, effect, action }: Neighbour,
  installed: readonly InstalledPackage[],
): Finding[] {
  const describe = code === 'calls_past_openai' ? problem : remark;
  return names
    .filter((wanted) => installed.some(({ name }) => name === wanted))
    .map((name) =>
      describe(code, `${name} is installed. ${effect}`, typeof action === 'string' ? action : action(name)),
    );
}

function versionsOf(wanted: string, installed: readonly InstalledPackage[]): string[] {
  return [...new Set(installed.filter(({ name }) => name === wanted).map(({ version }) => version))];
}

function examineCopies(installed: readonly InstalledPackage[]): Finding[] {
  const openai = installed.filter(({ name }) => name === 'openai');
  const ours = installed.filter(({ name }) => name === NAME);
  return [
    ...(openai.length === 0
      ? [problem('openai_not_installed', 'openai is not installed in this project.', 'npm install openai')]
      : []),
    ...versionsOf('openai', installed)
      .filter((version) => !isTested(version))
      .map((version) => describeFinding('openai_untested', version)),
    ...(openai.length > 1 ? [describeFinding('openai_twice', copyList(openai))] : []),
    ...(ours.length > 1 ? [describeFinding('package_twice', copyList(ours))] : []),
  ];
}

/**
 * SDK 3 does not start with the API version of SDK 2, and only npm refuses to install the two together. SDK 1 is
 * reported only if no newer SDK is there, because other packages bring their own copy of it.
 */
function examineSdks(sdks: readonly InstalledPackage[]): Finding[] {
  if (sdks.length === 0)
    return [
      problem(
        'no_sdk_installed',
        'No OpenTelemetry SDK is installed, so nothing can be recorded.',
        INSTALL_SDK,
      ),
    ];
  const named = ({ name, version }: InstalledPackage): string => `${name} ${version}`;
  if (sdks.every((sdk) => isBefore(2, sdk))) {
    const message = `${[...new Set(sdks.map(named))].sort().join(', ')}: this package is tested with SDK 2 and 3 of OpenTelemetry, but not with SDK 1.`;
    return [remark('sdk_too_old', message, INSTALL_SDK)];
  }
  const tooOld = new Map<string, string>();
  for (const sdk of sdks) {
    const api = findUpwards(sdk.directory, (folder) =>
      textField(readManifest(join(folder, 'node_modules', API)), 'version'),
    );
    if (!isBefore(3, sdk) && api !== undefined && isOlder(api, API_OF_SDK_3)) tooOld.set(named(sdk), api);
  }
  return [...tooOld].map(([sdk, api]) =>
    problem(
      'api_too_old',
      `${sdk} requires @opentelemetry/api 1.10, but loads ${api}. It may not start, and then nothing is recorded.`,
      'Install @opentelemetry/api@1.10. If another package requires an older one, use SDK 2: npm install @opentelemetry/api@1.9 @opentelemetry/sdk-node@0.223',
    ),
  );
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

/**
 * The installed copies of the named packages, however deeply nested, also below `node_modules/.pnpm`. Packages that are
 * not found are looked for in the folders above, as Node does, because a workspace has them at its root. Packages that
 * cannot be read are left out.
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
    // A workspace links its other packages there. What those have installed does not belong to this project.
    if (above && folder !== top && !dirname(real).includes('node_modules')) continue;
    for (const [name, directory] of packagesIn(real)) {
      waiting.push(join(directory, 'node_modules'));
      const manifest = names.has(name) ? readManifest(directory) : undefined;
      const version = textField(manifest, 'version');
      const own = realPathIfAny(directory);
      if (version !== undefined && own !== undefined) found.set(own, { name, version, directory: own });
    }
  }
  const packages = [...found.values()];
  const folder = dirname(project);
  if (folder === project) return packages;
  const missing = [...names].filter((name) => packages.every((installed) => installed.name !== name));
  return [...packages, ...findInstalled(folder, new Set(missing), true)];
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
  return checked(
    'bundlers',
    found.map(([name]) => name).join(', ') || 'none in package.json',
    found.map(([name, external]) =>
      remark(
        'openai_bundled',
        `The project has ${name}. If it bundles openai, the module hooks cannot find it.`,
        `Mark openai as external (${external}), build with the plugin of ${NAME}/bundler, or call instrumentOpenAI(OpenAI) of ${NAME}/client.`,
      ),
    ),
  );
}
