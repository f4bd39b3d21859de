import module from 'node:module';
import { resolveSettings } from '../config/config.ts';
import { describe } from '../diagnostics/copies.ts';
import type { Finding } from '../diagnostics/finding.ts';
import { describeFinding } from '../diagnostics/messages.ts';
import { OTHER_INSTRUMENTATIONS } from '../diagnostics/other-instrumentations.ts';
import { isTested } from '../diagnostics/tested-versions.ts';
import { asObject, field, textField } from '../util/payload.ts';
import { NAME } from '../util/version.ts';
import { findInstalled, type InstalledPackage, nearestManifest } from './installed.ts';
import { findBatch } from './open-telemetry.ts';

type ProjectEnvironment = Readonly<Record<string, string | undefined>>;

/** Packages that bring a tracer provider. */
const SDKS: readonly string[] = ['sdk-node', 'sdk-trace', 'sdk-trace-node', 'sdk-trace-base'].map(
  (name) => `@opentelemetry/${name}`,
);

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

/** What the batching processor of the SDK sends at once where nothing else is said. */
const DEFAULT_BATCH = 512;

/**
 * What is wrong, or worth knowing, about a project that is not running: from its `node_modules`, its
 * package.json and the environment.
 *
 * @param project its folder, as an absolute path
 */
export function examineProject(
  project: string,
  environment: ProjectEnvironment,
  nodeVersion: string = process.version,
): Finding[] {
  const names = [NAME, 'openai', ...SDKS, ...OTHER_INSTRUMENTATIONS.map(({ scope }) => scope)];
  const installed = findInstalled(project, new Set(names));
  const manifest = nearestManifest(project);
  return [
    ...examineCopies(installed),
    ...examineSdk(installed),
    ...OTHER_INSTRUMENTATIONS.filter(({ scope }) => installed.some(({ name }) => name === scope)).map(
      ({ scope }) => describeFinding('other_instrumentation_installed', scope),
    ),
    ...examineBundlers(manifest),
    ...examineSettings(environment),
    ...examineNode(manifest, nodeVersion),
  ];
}

function examineCopies(installed: readonly InstalledPackage[]): Finding[] {
  const openai = installed.filter(({ name }) => name === 'openai');
  const ours = installed.filter(({ name }) => name === NAME);
  const versions = new Set(openai.map(({ version }) => version));
  return [
    ...(openai.length === 0 ? [describeFinding('openai_not_installed')] : []),
    ...[...versions]
      .filter((version) => !isTested(version))
      .map((version) => describeFinding('openai_untested', version)),
    ...(openai.length > 1 ? [describeFinding('openai_twice', describe(openai))] : []),
    ...(ours.length > 1 ? [describeFinding('package_twice', describe(ours))] : []),
  ];
}

function examineSdk(installed: readonly InstalledPackage[]): Finding[] {
  return installed.some(({ name }) => SDKS.includes(name)) ? [] : [describeFinding('no_sdk_installed')];
}

function examineBundlers(manifest: unknown): Finding[] {
  const wanted = {
    ...asObject(field(manifest, 'dependencies')),
    ...asObject(field(manifest, 'devDependencies')),
  };
  return BUNDLERS.filter(([name]) => Object.hasOwn(wanted, name)).map(([name, external]) =>
    describeFinding('openai_bundled', name, external),
  );
}

function examineSettings(environment: ProjectEnvironment): Finding[] {
  const problems: string[] = [];
  const settings = resolveSettings({}, (problem) => problems.push(problem), environment);
  const { captureMessageContent } = settings;
  const batch = Number(environment.OTEL_BSP_MAX_EXPORT_BATCH_SIZE || DEFAULT_BATCH);
  return [
    ...problems.map((problem) => describeFinding('option_not_accepted', problem)),
    ...(captureMessageContent === 'NO_CONTENT'
      ? []
      : [describeFinding('content_recorded', captureMessageContent)]),
    ...findBatch(batch, settings),
  ];
}

function examineNode(manifest: unknown, version: string): Finding[] {
  if (textField(manifest, 'type') !== 'module' || typeof module.registerHooks === 'function') return [];
  return [describeFinding('node_too_old', version)];
}
