import module from 'node:module';
import { join } from 'node:path';
import { noticeClientClass, noticeOpenAI } from '../../diagnostics/copies.ts';
import { notice } from '../../diagnostics/report.ts';
import { repairedNode } from '../../diagnostics/tested-versions.ts';
import { builtIn } from '../../util/built-in.ts';
import { listenToChannels } from '../../util/diagnostics-channels.ts';
import { guard } from '../../util/guard.ts';
import { builtInRequire, requireDependency } from '../../util/optional-packages.ts';
import { nodeOptions } from '../../util/variables.ts';
import { findClientPrototype, missingMethods } from '../find-client.ts';
import { seamsIn } from '../observed-classes.ts';
import { isObserved, type PatchedClass } from '../patches.ts';
import { isObject, propertyOf } from '../reflect.ts';
import { type Announce, announceEarlier, announcements, announceOnce } from './announcements.ts';
import { HOOKED_FILES, hookedFile, versionOfHooked } from './hooked-files.ts';
import { LoadHook } from './load-hook.ts';
import { SingleLoadHook } from './single-load-hook.ts';

/** Each build of each installed version has one. */
interface LoadedClient {
  readonly prototype: object;
  readonly exported: unknown;
  readonly file: string;
  readonly version: string | undefined;
  /** Whether it was loaded before the hooks, so that calls of earlier clients may have been missed. */
  readonly early: boolean;
}

export interface LoadListener {
  client(client: LoadedClient): void;
  /** @param seam patches and observes a class that is not a client */
  seam?(seam: PatchedClass): void;
  /** @param copy the exports of another copy of the OpenTelemetry API */
  api?(copy: object): void;
}

/**
 * Calls the listener with every client of the `openai` package that has been or will be loaded, until the
 * returned function is called.
 *
 * With `module.registerHooks` (Node 22.15 and later), one line is appended to the file that defines the
 * client, for `require` and `import` alike. CommonJS that tsx compiles past the hooks is found when it is
 * required. Some releases need another way: see `SingleLoadHook`. Older versions hook only `require`. In a bundle, a plugin has appended the line at build time.
 */
export function onClientLoaded(listener: LoadListener): () => void {
  const announced: Announce = (exported, file, version) => {
    if (loadHook instanceof LoadHook) loadHook.resume();
    take(listener, exported, file, version);
  };
  guard('instrumenting clients loaded before', announceEarlier, announced);
  announcements.value.listeners.add(announced);
  const unhook = guard('installing the module hooks', installHooks, listener);
  // Only CommonJS has a cache that can be searched. ES modules that were loaded earlier cannot be found.
  guard('finding clients loaded before', () => {
    for (const [file, exported] of loadedFiles()) take(listener, exported, file, undefined, true);
  });
  return () => {
    announcements.value.listeners.delete(announced);
    unhook?.();
  };
}

let loadHook: LoadHook | SingleLoadHook | undefined;

function installHooks(listener: LoadListener): (() => void) | undefined {
  if (typeof module.registerHooks !== 'function') return hookRequire(listener);
  // What `--require` names also runs in the thread of a loader such as tsx, which some releases cannot start with hooks.
  if (builtIn('node:worker_threads')?.isInternalThread === true) return undefined;
  // The hook outlasts its listeners: an ES module that loads before the next listener could never be found.
  if (loadHook === undefined) {
    loadHook = repairedNode() === undefined ? new LoadHook() : new SingleLoadHook();
    if (loadHook instanceof LoadHook && namesTsx()) announceRequired();
  }
  loadHook.announcesApi ||= listener.api !== undefined;
  return undefined;
}

/** The options of Node that name tsx, which compiles CommonJS past the module hooks. */
const TSX = /(?:^|[\s\\/=])tsx(?:$|[\s\\/])/;

function namesTsx(): boolean {
  return TSX.test([...process.execArgv, nodeOptions()].join(' '));
}

/**
 * Announces CommonJS that tsx compiled past the hooks, once it has been required. Only for tsx: while
 * anything listens to `require`, Node blames the program for packages that require the deprecated `punycode`.
 */
function announceRequired(): void {
  const seen = new WeakSet<object>();
  listenToChannels(['tracing:module.require:end'], 'instrumenting a required module', (message) => {
    const id = propertyOf(message, 'id');
    // The files of a package require each other by relative paths, before they are complete.
    if (typeof id !== 'string' || id.startsWith('.') || !id.includes('openai')) return;
    const required = propertyOf(message, 'result');
    if (!isObject(required) || seen.has(required)) return;
    seen.add(required);
    const prototype = findClientPrototype(required);
    // If the hooks saw this client, they saw everything that it required: the cache need not be searched.
    if (prototype !== undefined && isObserved(prototype)) return;
    for (const [file, loaded, isLoaded] of loadedFiles()) if (isLoaded) announceOnce(loaded, file);
  });
}

/** The main files of packages, by the name under which they are required. */
const MAIN_FILES: ReadonlyMap<string, string> = new Map([
  ['openai', 'openai/index'],
  ['@opentelemetry/api', '@opentelemetry/api/build/src/index'],
]);

function hookRequire(listener: LoadListener): () => void {
  noticeOtherRuntime();
  const { Hook } = requireDependency(
    'require-in-the-middle',
    module.createRequire,
  ) as typeof import('require-in-the-middle');
  const packages = HOOKED_FILES.map((each) => each.package);
  const hook = new Hook([...new Set(packages)], { internals: true }, (exported, name, directory) => {
    const file = `${(MAIN_FILES.get(name) ?? name).replace(/\.js$/, '')}.js`;
    const defined = hookedFile(file)?.defines;
    if (defined === 'client')
      take(listener, exported, join(directory ?? '', file.split(/[\\/]/).pop() ?? ''));
    else if (defined !== undefined) take(listener, exported, file);
    return exported;
  });
  return () => hook.unhook();
}

/** Bun and Deno do not report missed calls. */
export function noticeOtherRuntime(): void {
  const { bun, deno } = process.versions;
  if (bun !== undefined) notice('node_too_old', `Bun ${bun}`);
  else if (deno !== undefined) notice('node_too_old', `Deno ${deno}`);
}

export function findUnobserved(): string | undefined {
  const found = loadedFiles().find(([, exported]) => {
    const prototype = findClientPrototype(exported);
    return prototype !== undefined && !isObserved(prototype);
  });
  return found?.[0];
}

function loadedFiles(): [file: string, exported: unknown, isLoaded: boolean][] {
  const { cache } = builtInRequire(module.createRequire);
  return Object.keys(cache)
    .filter((file) => hookedFile(file) !== undefined && versionOfHooked(file) !== undefined)
    .map((file) => [file, cache[file]?.exports, cache[file]?.loaded === true]);
}

function take(
  listener: LoadListener,
  exported: unknown,
  file: string,
  bundledVersion?: string,
  early: boolean = false,
): void {
  guard('instrumenting what has loaded', () => {
    const defined = hookedFile(file)?.defines ?? 'client';
    if (defined === 'api') {
      if (isObject(exported)) listener.api?.(exported);
    } else if (defined !== 'client') for (const seam of seamsIn(exported, defined)) listener.seam?.(seam);
    else takeClient(listener, { exported, file, version: bundledVersion ?? versionOfHooked(file), early });
  });
}

function takeClient(listener: LoadListener, loaded: Omit<LoadedClient, 'prototype'>): void {
  const { exported, file, version, early } = loaded;
  const prototype = findClientPrototype(exported);
  if (prototype !== undefined) {
    guard('registering a loaded client', noticeOpenAI, file, version ?? 'unknown', early);
    listener.client({ ...loaded, prototype });
    return;
  }
  const unknown = propertyOf(exported, 'OpenAI', 'prototype');
  if (unknown !== undefined) noticeClientClass(missingMethods(unknown), version);
}
