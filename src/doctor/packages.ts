import { join } from 'node:path';
import { describeFinding, type Finding } from '../diagnostics/findings.ts';
import { isOlder, isTested, OLDEST_AGENTS } from '../diagnostics/tested-versions.ts';
import { asObject, field, textField } from '../util/payload.ts';
import { NAME } from '../util/version.ts';
import { type Check, checked, problem, remark, skippedCheck } from './check.ts';
import { findUpwards, isRegularFile, readManifest, realPathIfAny } from './files.ts';

const API = '@opentelemetry/api';
/** The part of `@openai/agents` that traces. It can be installed on its own. */
const AGENTS_CORE = '@openai/agents-core';
const SDKS = ['sdk-node', 'sdk-trace', 'sdk-trace-node', 'sdk-trace-base'].map(
  (name) => `@opentelemetry/${name}`,
);

const OWN_TELEMETRY = remark(
  'ai_sdk_installed',
  'It calls models without openai, so this package does not record them.',
  'If the program calls models with it, use its own telemetry: docs/frameworks.md of this package.',
);
const NEIGHBOURS: Readonly<Record<string, Finding>> = {
  ai: OWN_TELEMETRY,
  '@mastra/core': OWN_TELEMETRY,
  '@langfuse/openai': remark(
    'other_instrumentation_installed',
    'Each call of a client that it wraps has two spans, one from each package.',
    'Use the client without observeOpenAI. Langfuse accepts the spans of this package over OTLP.',
  ),
  'dd-trace': remark(
    'other_instrumentation_installed',
    'With DD_TRACE_OTEL_ENABLED=true, each call has two spans, one from each package.',
    'To record each call once, set DD_TRACE_OPENAI_ENABLED=false.',
  ),
  'portkey-ai': problem(
    'calls_past_openai',
    'Its client sends some calls itself instead of through openai. These calls have no spans.',
    "Use the client of openai with Portkey's address and headers: new OpenAI({ baseURL: PORTKEY_GATEWAY_URL, defaultHeaders: createHeaders({ … }) }).",
  ),
  [AGENTS_CORE]: problem(
    'agents_too_old',
    'It does not expose its traces: model calls are recorded, but not workflows, agents or tools.',
    `Update @openai/agents to ${OLDEST_AGENTS} or later.`,
  ),
};

export function examinePackages(project: string): Check {
  const names = ['openai', NAME, API, ...SDKS, ...Object.keys(NEIGHBOURS)];
  const installed = names.flatMap((name) => findInstalled(project, name) ?? []);
  if (installed.length === 0 && isRegularFile(join(project, '.pnp.cjs')))
    return skippedCheck('packages', "with Plug'n'Play, only Yarn can find them");
  const findings: Finding[] = [];
  const openai = installed.find(({ name }) => name === 'openai');
  if (openai === undefined)
    findings.push(problem('openai_not_installed', 'openai is not installed.', 'npm install openai'));
  else if (!isTested(openai.version)) findings.push(describeFinding('openai_untested', openai.version));
  findings.push(...examineSdks(installed.filter(({ name }) => SDKS.includes(name))));
  for (const { name, version } of installed) {
    const finding = NEIGHBOURS[name];
    if (finding === undefined || (name === AGENTS_CORE && !isOlder(version, OLDEST_AGENTS))) continue;
    findings.push({ ...finding, message: `${name} ${version} is installed. ${finding.message}` });
  }
  const listed = installed.map(({ name, version }) => `${name} ${version}`).sort();
  return checked('packages', listed.join(', ') || 'none installed', findings);
}

/** SDK 3 does not start with the API of SDK 2, and only npm prevents that combination. */
function examineSdks(sdks: readonly InstalledPackage[]): Finding[] {
  if (sdks.length === 0) {
    const message = 'No OpenTelemetry SDK is installed, so nothing can be recorded.';
    return [problem('no_sdk_installed', message, `npm install ${API} @opentelemetry/sdk-node`)];
  }
  return sdks.flatMap(({ name, version, directory }) => {
    const api = findInstalled(directory, API)?.version ?? '';
    const isSdk3 = !isOlder(version, name === '@opentelemetry/sdk-node' ? '0.300.0' : '3.0.0');
    if (!isSdk3 || !isOlder(api, '1.10.0')) return [];
    return problem(
      'api_too_old',
      `${name} ${version} requires ${API} 1.10, but loads ${api}. It may not start, and then nothing is recorded.`,
      `Install ${API}@1.10. If another package requires an older one, use SDK 2: npm install ${API}@1.9 @opentelemetry/sdk-node@0.223`,
    );
  });
}

interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** Symbolic links are resolved. */
  readonly directory: string;
}

/** Also searches pnpm's folder, which has the dependencies of the project's dependencies. */
function findInstalled(folder: string, name: string): InstalledPackage | undefined {
  return findUpwards(folder, (each) => {
    for (const parent of ['node_modules', 'node_modules/.pnpm/node_modules']) {
      const directory = realPathIfAny(join(each, parent, name));
      const version = directory && textField(readManifest(directory), 'version');
      if (version) return { name, version, directory };
    }
    return undefined;
  });
}

const BUNDLERS: readonly string[] = ['next', 'webpack', 'esbuild', 'tsup', 'rollup', 'vite', '@vercel/ncc'];

/** @param isDoubtful whether the bundlers may bundle `openai`, as far as is known */
export function examineBundlers(manifest: unknown, isDoubtful: boolean): Check {
  const wanted = ['dependencies', 'devDependencies'].map((key) => asObject(field(manifest, key)) ?? {});
  const found = BUNDLERS.filter((name) => wanted.some((each) => Object.hasOwn(each, name))).join(', ');
  if (found === '') return checked('bundlers', 'none in package.json');
  const message = `The project has ${found}. If it bundles openai, the module hooks cannot find it.`;
  const action = `Mark openai as external, as docs/bundlers.md of this package shows, build with the plugin of ${NAME}/bundler, or call instrumentOpenAI(OpenAI) of ${NAME}/client.`;
  return checked('bundlers', found, isDoubtful ? [remark('openai_bundled', message, action)] : []);
}
