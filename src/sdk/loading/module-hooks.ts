import { readFileSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { noticeClientClass, noticeOpenAI } from '../../diagnostics/copies.ts';
import { notice } from '../../diagnostics/report.ts';
import { keepNewest } from '../../util/bounded-map.ts';
import { listenToChannels } from '../../util/diagnostics-channels.ts';
import { guard } from '../../util/guard.ts';
import { builtInRequire, requireDependency } from '../../util/optional-packages.ts';
import { processStateKey } from '../../util/process-state.ts';
import { nodeOptions } from '../../util/variables.ts';
import { findClientPrototype, missingMethods } from '../find-client.ts';
import { seamsIn } from '../observed-classes.ts';
import { isObserved, type PatchedClass } from '../patches.ts';
import { isObject, propertyOf } from '../reflect.ts';
import { type Announce, announceEarlier, announcements } from './announcements.ts';
import { announcementOf, HOOKED_FILES, hookedFile, versionOfHooked } from './hooked-files.ts';

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
 * required. Older versions hook only `require`. In a bundle, a plugin has appended the line at build time.
 */
export function onClientLoaded(listener: LoadListener): () => void {
  const announced: Announce = (exported, file, version) => {
    loadHook?.resume();
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

let loadHook: LoadHook | undefined;

function installHooks(listener: LoadListener): (() => void) | undefined {
  if (typeof module.registerHooks !== 'function') return hookRequire(listener);
  // The hook outlasts its listeners: an ES module that loads before the next listener could never be found.
  if (loadHook === undefined) {
    loadHook = new LoadHook();
    if (TSX.test([...process.execArgv, nodeOptions()].join(' '))) announceRequired();
  }
  loadHook.announcesApi ||= listener.api !== undefined;
  return undefined;
}

/**
 * The hook that appends the announcement to files. It makes Node load every file more slowly, so it is paused while the
 * client of `openai` requires its two hundred other files.
 */
class LoadHook {
  /** If no listener wants copies of the OpenTelemetry API, their files are left unchanged. */
  announcesApi = false;
  readonly #register: typeof module.registerHooks = module.registerHooks;
  #registered: module.ModuleHooks | undefined;
  /** The URLs of imported files. Each is loaded once, while a required file may be loaded again. */
  readonly #imported = new Set<string>();

  constructor() {
    this.resume();
  }

  resume(): void {
    const { load, resolve } = this;
    this.#registered ??= this.#register(loadHooksChangeRequire() ? { resolve } : { load });
  }

  readonly load: module.LoadHookSync = (url, context, nextLoad) => {
    const result = nextLoad(url, context);
    if (hookedFile(url) === undefined) return result;
    const announced = guard('instrumenting a module', withAnnouncement, url, result, this.announcesApi);
    guard('pausing the module hooks', () => {
      if (announced !== undefined && leadsToNoOther(url, context)) this.#rest();
    });
    return announced ?? result;
  };

  readonly resolve: module.ResolveHookSync = (specifier, context, nextResolve) => {
    const resolved = nextResolve(specifier, context);
    if (hookedFile(resolved.url) !== undefined)
      guard('expecting a module', () =>
        this.#expect(resolved.url, [...context.conditions].includes('import')),
      );
    return resolved;
  };

  /** Hooks the load of one file, which follows at once, or in a later microtask if the file is imported. */
  #expect(expected: string, isImported: boolean): void {
    if (isImported) {
      if (this.#imported.has(expected)) return;
      keepNewest(this.#imported.add(expected));
      if (hasLoader()) {
        notice('node_too_old', `Node ${process.version} beside a loader`);
        return;
      }
    }
    const hooks = this.#register({
      load: (url, context, nextLoad) => {
        if (url !== expected) return nextLoad(url, context);
        hooks.deregister();
        return this.load(url, context, nextLoad);
      },
    });
    if (!isImported) void Promise.resolve().then(() => hooks.deregister());
  }

  /** Pauses until `resume` or the end of the synchronous code: a file that throws never calls `resume`. */
  #rest(): void {
    this.#registered?.deregister();
    this.#registered = undefined;
    void Promise.resolve().then(() => this.resume());
  }
}

/** The client of openai 5 or later, once required, loads no other hooked file. */
function leadsToNoOther(url: string, { conditions }: module.LoadHookContext): boolean {
  // For `require`, Node 22.15 to 22.18 and 24.0 to 24.4 pass a set instead of the documented list.
  return url.endsWith('/client.js') && [...conditions].includes('require');
}

function withAnnouncement(
  url: string,
  result: module.LoadFnOutput,
  announcesApi: boolean,
): module.LoadFnOutput | undefined {
  const file = url.startsWith('file:') ? fileURLToPath(url) : url;
  // Other packages may have files of the same name.
  if (versionOfHooked(file) === undefined) return undefined;
  if (hookedFile(file)?.defines === 'api' && !announcesApi) return undefined;
  const source = result.source == null ? readFileSync(file, 'utf8') : sourceText(result.source);
  // The hooks of another copy of this package have changed the file already.
  if (source.includes(JSON.stringify(processStateKey()))) return undefined;
  return { ...result, source: source + announcementOf(file, processStateKey()) };
}

function sourceText(source: string | ArrayBuffer | NodeJS.TypedArray): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source);
}

/** The options of Node that name tsx, which compiles CommonJS past the module hooks. */
const TSX = /(?:^|[\s\\/=])tsx(?:$|[\s\\/])/;

/**
 * While a load hook is registered, Node 22.15 to 22.22 and 24.0 to 24.11 give imported CommonJS a `require` without
 * `cache`, and cannot load it at all beside a loader of `module.register`.
 */
function loadHooksChangeRequire(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fixed = { 22: 23, 23: Number.POSITIVE_INFINITY, 24: 12, 25: 1 }[major] ?? 0;
  return minor < fixed;
}

/** Whether a loader of `module.register` is in use, such as that of tsx. These versions list its internal module then. */
function hasLoader(): boolean {
  const loaded = propertyOf(process, 'moduleLoadList');
  return Array.isArray(loaded) && loaded.includes('NativeModule internal/modules/esm/hooks');
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
    const { made } = announcements.value;
    for (const [file, exported, isLoaded] of loadedFiles()) {
      const isKnown = made.some((earlier) => earlier.file === file && earlier.exported.deref() === exported);
      if (isLoaded && isObject(exported) && !isKnown) announcements.value(exported, file);
    }
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
