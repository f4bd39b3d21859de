import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { noticeClientClass, noticeOpenAI } from '../diagnostics/copies.ts';
import { notice } from '../diagnostics/report.ts';
import { listenToChannels } from '../util/diagnostics-channels.ts';
import { guard } from '../util/guard.ts';
import { builtInRequire, requireDependency } from '../util/optional-packages.ts';
import { textField } from '../util/payload.ts';
import { hasWritable, isCollection, ProcessWide } from '../util/process-wide.ts';
import { findClientPrototype, missingMethods } from './find-client.ts';
import { HOOKED_PACKAGES, hookedFile, type Part, versionOfHooked } from './hooked-files.ts';
import { isObserved, onReleased } from './patches.ts';
import { isObject, propertyOf } from './reflect.ts';
import { findSocketPrototypes } from './sockets/find-sockets.ts';
import { findLoopPrototypes } from './tool-loops.ts';

/** A loaded copy of the SDK's client. There is one for each build of each installed version. */
export interface LoadedClient {
  readonly prototype: object;
  /** The class or namespace it was found in. */
  readonly exported: unknown;
  /** Path or URL of its file. */
  readonly file: string;
  readonly version: string | undefined;
  /** Loaded before the hooks: earlier clients may have been missed. */
  readonly early: boolean;
}

/** Hears of what is loaded of `openai` and of `@openai/agents`. */
export interface LoadListener {
  client(client: LoadedClient): void;
  /** @param prototype of a class that is no client */
  part?(prototype: object, defined: Part): void;
  /** @param copy the exports of another copy of the OpenTelemetry API */
  api?(copy: object): void;
}
type Announce = (exported: object, file: string) => void;

/** A loaded module. CommonJS modules are held weakly, because test runners and development servers reload them. */
interface Announcement {
  readonly exported: { deref(): object | undefined };
  readonly file: string;
}

/** The modules announced so far, and the listeners. */
interface Announcements extends Announce {
  made: Announcement[];
  readonly listeners: Set<Announce>;
}

/** The function that a loaded client calls. All copies of this package receive the clients that the hooks of each find. */
const announcements = new ProcessWide<Announcements>({
  name: 'loaded',
  shape: 1,
  accepts: (value) => {
    const { made, listeners } = value as Partial<Announcements>;
    const usable = typeof value === 'function' && hasWritable(value, ['made']);
    return usable && Array.isArray(made) && isCollection(Set, listeners);
  },
  create: createAnnouncements,
});

/**
 * Calls the listener with every client of the `openai` package that has been or will be loaded, until the returned
 * function is called.
 *
 * Where Node has `module.registerHooks` (22.15 and later), it appends one line to the file that defines the client, for
 * `require` and `import` alike, and touches nothing else. CommonJS that tsx compiles past the hooks is found when it is
 * required. On older versions it hooks `require` alone.
 */
export function onClientLoaded(listener: LoadListener): () => void {
  const guarded: Required<LoadListener> = {
    client(client) {
      guard('registering a loaded client', noticeOpenAI, client);
      guard('instrumenting a loaded client', () => listener.client(client));
    },
    part: (prototype, defined) =>
      guard('instrumenting a loaded class', () => listener.part?.(prototype, defined)),
    api: (copy) => guard('connecting a copy of the API', () => listener.api?.(copy)),
  };
  isApiAwaited ||= listener.api !== undefined;
  const stop = guard('installing the module hooks', installHooks, guarded);
  guard('finding clients loaded before', findLoaded, guarded);
  const stopSucceeding = onReleased(() => {
    hearLoaded((exported, file) => take(guarded, exported, file, false));
    findLoaded(guarded);
  });
  return () => {
    stopSucceeding();
    stop?.();
  };
}

function installHooks(listener: LoadListener): () => void {
  return typeof module.registerHooks === 'function' ? appendOnLoad(listener) : hookRequire(listener);
}

let appending: LoadHook | undefined;
/** Whether loaded copies of the OpenTelemetry API are reported to a listener. */
let isApiAwaited = false;

function appendOnLoad(listener: LoadListener): () => void {
  const { listeners } = announcements.value;
  const hear: Announce = (exported, file) => {
    appending?.resume();
    take(listener, exported, file, false);
  };
  guard('instrumenting clients loaded before', hearLoaded, hear);
  listeners.add(hear);
  // The hook outlives the last listener: an ES module that loads in between could never be found again.
  if (appending === undefined) {
    appending = new LoadHook(module.registerHooks, (url, context, nextLoad) => {
      const result = nextLoad(url, context);
      if (hookedFile(url) === undefined) return result;
      // Without this, a module that cannot be read breaks its import.
      const announced = guard('instrumenting an ES module', announceClient, url, result);
      if (announced !== undefined && leadsToNoOther(url, context))
        guard('pausing the module hooks', () => appending?.rest());
      return announced ?? result;
    });
    afterRequire(announceRequired);
  }
  return () => listeners.delete(hear);
}

/** Announces again what has been announced so far. */
function hearLoaded(hear: Announce): void {
  for (const { exported, file } of announcements.value.made) {
    const loaded = exported.deref();
    if (loaded !== undefined) hear(loaded, file);
  }
}

/** Whether a file is required, so that it runs at once, and requires no other file that is hooked: since openai 5. */
function leadsToNoOther(url: string, { conditions }: module.LoadHookContext): boolean {
  return url.endsWith('/client.js') && conditions.includes('require');
}

/** What tsx compiles as CommonJS passes no hook: it is found in the cache. */
function announceRequired(required: object): void {
  const prototype = findClientPrototype(required);
  // The hooks saw this client, and so all that it required: there is no need to look through thousands of modules.
  if (prototype !== undefined && isObserved(prototype)) return;
  const { made } = announcements.value;
  for (const [file, exported, isLoaded] of loadedFiles()) {
    const isKnown = made.some((earlier) => earlier.file === file && earlier.exported.deref() === exported);
    if (isLoaded && isObject(exported) && !isKnown) announcements.value(exported, file);
  }
}

function createAnnouncements(): Announcements {
  const listeners: Announcements['listeners'] = new Set();
  const announce: Announce = (exported, file) => {
    // Nothing else refers to the exports of an ES module here, and an ES module never reloads.
    const held = file.endsWith('.mjs') ? { deref: () => exported } : new WeakRef(exported);
    shared.made = shared.made.filter((earlier) => earlier.exported.deref() !== undefined);
    shared.made.push({ exported: held, file });
    for (const hear of listeners) hear(exported, file);
  };
  const shared: Announcements = Object.assign(announce, { made: [], listeners });
  return shared;
}

function announceClient(url: string, result: module.LoadFnOutput): module.LoadFnOutput | undefined {
  const file = url.startsWith('file:') ? fileURLToPath(url) : url;
  // Without this, files of other packages with the same name are changed.
  if (versionOfHooked(file) === undefined) return undefined;
  const { defines, names = [] } = hookedFile(file) ?? {};
  // Without this, instrumentations change the API, too.
  if (defines === 'api' && !isApiAwaited) return undefined;
  const source = result.source == null ? readFileSync(file, 'utf8') : sourceText(result.source);
  // Another copy of the hooks got here first.
  // Without this, a second copy of this package adds its line again.
  if (source.includes(JSON.stringify(announcements.key))) return undefined;
  return { ...result, source: source + announcementOf(file.endsWith('.mjs') ? moduleOf(names) : COMMONJS) };
}

const COMMONJS = 'exports, __filename';

/** What is announced of an ES module, which has no object with its exports. */
function moduleOf(names: readonly string[]): string {
  const exported = names.map((name) => `${name}: typeof ${name} === "undefined" ? undefined : ${name}`);
  return `{ ${exported.join(', ')} }, import.meta.url`;
}

/** The line that is appended to a file. Whatever another package puts under the symbol, the file loads. */
function announcementOf(loaded: string): string {
  return `\n;try { globalThis[Symbol.for(${JSON.stringify(announcements.key)})](${loaded}); } catch {}\n`;
}

function sourceText(source: string | ArrayBuffer | NodeJS.TypedArray): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source);
}

/** The files of packages that are required by their names. */
const MAIN_FILES: ReadonlyMap<string, string> = new Map([
  ['openai', 'openai/index'],
  ['@opentelemetry/api', '@opentelemetry/api/build/src/index'],
]);

function hookRequire(listener: LoadListener): () => void {
  guard('checking the version of Node.js', noticeNodeVersion, process.argv[1], process.version);
  const { Hook } = requireDependency(
    'require-in-the-middle',
    module.createRequire,
  ) as typeof import('require-in-the-middle');
  const hook = new Hook([...HOOKED_PACKAGES], { internals: true }, (exported, name, directory) => {
    const named = MAIN_FILES.get(name) ?? name;
    const file = `${named.replace(/\.js$/, '')}.js`;
    const defined = hookedFile(file)?.defines;
    if (defined === 'client')
      take(listener, exported, join(directory ?? '', file.split(/[\\/]/).pop() ?? ''), false);
    else if (defined !== undefined) take(listener, exported, file, false);
    return exported;
  });
  return () => hook.unhook();
}

/** Only CommonJS has a cache to look through; ES modules that loaded earlier cannot be found. */
function findLoaded(listener: LoadListener): void {
  for (const [file, exported] of loadedFiles()) take(listener, exported, file, true);
}

/** The file of a loaded copy of `openai` whose calls are not observed, because it was loaded without the hooks. */
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

function take(listener: LoadListener, exported: unknown, file: string, early: boolean): void {
  const defined = hookedFile(file)?.defines ?? 'client';
  if (defined === 'client') takeClient(listener, exported, file, early);
  else if (defined !== 'api') takePart(listener, exported, defined);
  else if (isObject(exported)) listener.api?.(exported);
}

const FINDERS: Readonly<Record<Part, (exported: unknown) => readonly object[]>> = {
  socket: findSocketPrototypes,
  loop: findLoopPrototypes,
  'agents-realtime': (exported) => prototypesOf(exported, 'OpenAIRealtimeBase', '_onMessage'),
  agents: (exported) => prototypesOf(exported, 'Runner', 'run'),
};

/** The prototype of a class in a module, if it has the method. */
function prototypesOf(exported: unknown, name: string, method: string): readonly object[] {
  const prototype = propertyOf(propertyOf(exported, name), 'prototype');
  return isObject(prototype) && Object.hasOwn(prototype, method) ? [prototype] : [];
}

function takePart(listener: LoadListener, exported: unknown, defined: Part): void {
  guard('finding the classes of a module', () => {
    for (const prototype of FINDERS[defined](exported)) listener.part?.(prototype, defined);
  });
}

function takeClient(listener: LoadListener, exported: unknown, file: string, early: boolean): void {
  guard('finding the client of a module', () => {
    const prototype = findClientPrototype(exported);
    const version = versionOfHooked(file);
    if (prototype !== undefined) listener.client({ prototype, exported, file, version, early });
    else {
      const unknown = propertyOf(propertyOf(exported, 'OpenAI'), 'prototype');
      if (unknown !== undefined) noticeClientClass(missingMethods(unknown), version);
    }
  });
}

/**
 * Reports a version of Node without synchronous module hooks, if the program is an ES module.
 *
 * @param main the file that the process was started with
 */
export function noticeNodeVersion(main: string | undefined, version: string): void {
  if (main !== undefined && isModule(main)) notice('node_too_old', runtimeName(version));
}

/** Bun and Deno also tell a version of Node. */
function runtimeName(version: string): string {
  const { bun, deno } = process.versions;
  if (bun !== undefined) return `Bun ${bun}`;
  return deno === undefined ? `Node ${version}` : `Deno ${deno}`;
}

/** Decides by the extension, else by the nearest package.json. */
function isModule(file: string): boolean {
  const extension = /\.([cm])[jt]s$/.exec(file)?.[1];
  if (extension !== undefined) return extension === 'm';
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const manifest = join(directory, 'package.json');
    if (existsSync(manifest)) return isModulePackage(manifest);
    if (directory === dirname(directory)) return false;
  }
}

/** @throws when the file cannot be read or parsed */
function isModulePackage(manifest: string): boolean {
  return textField(JSON.parse(readFileSync(manifest, 'utf8')), 'type') === 'module';
}

/**
 * A load hook that can rest. While there is one, Node takes longer to load any file, and the client of `openai` requires
 * two hundred that do not matter here.
 */
export class LoadHook {
  readonly #register: typeof module.registerHooks;
  readonly #load: module.LoadHookSync;
  #registered: module.ModuleHooks | undefined;

  constructor(register: typeof module.registerHooks, load: module.LoadHookSync) {
    this.#register = register;
    this.#load = load;
    this.resume();
  }

  /** Rests until it is resumed, or the program has finished what it does now: a file may throw instead of loading. */
  rest(): void {
    this.#registered?.deregister();
    this.#registered = undefined;
    void Promise.resolve().then(() => this.resume());
  }

  resume(): void {
    this.#registered ??= this.#register({ load: this.#load });
  }
}

/** Node reports each `require` here, where it has module hooks. */
const CHANNEL = 'tracing:module.require:end';

/** The options of Node that name tsx, which compiles CommonJS past the module hooks. */
const TSX = /(?:^|[\s\\/=])tsx(?:$|[\s\\/])/;

/**
 * Calls a function with what a `require` returned, each time that it may have loaded a part of the SDK for the first time.
 * It listens only beside tsx: while anybody listens, Node does not see that a package required `punycode`, and
 * prints a warning.
 */
export function afterRequire(run: (exported: object) => void): void {
  if (!TSX.test([...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' '))) return;
  const seen = new WeakSet<object>();
  listenToChannels([CHANNEL], 'instrumenting a required module', (message) => {
    // A program requires thousands of files. Those of a package require each other before they are complete.
    const { id } = message as { readonly id?: unknown };
    if (typeof id !== 'string' || id.startsWith('.') || !id.includes('openai')) return;
    const result = propertyOf(message, 'result');
    if (!isObject(result) || seen.has(result)) return;
    seen.add(result);
    run(result);
  });
}
