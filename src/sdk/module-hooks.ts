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
import { announcementOf } from './announcement-lines.ts';
import { type Announce, announcements, hearLoaded } from './announcements.ts';
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

/**
 * Calls the listener with every client of the `openai` package that has been or will be loaded, until the returned
 * function is called.
 *
 * Where Node has `module.registerHooks` (22.15 and later), it appends one line to the file that defines the client, for
 * `require` and `import` alike, and touches nothing else. CommonJS that tsx compiles past the hooks is found when it is
 * required. On older versions it hooks `require` alone. In a bundle, a plugin has appended the line when it was built.
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
  const stopHearing = guard('hearing of loaded modules', hearAnnounced, guarded);
  const unhook = guard('installing the module hooks', installHooks, guarded);
  guard('finding clients loaded before', findLoaded, guarded);
  const stopSucceeding = onReleased(() => {
    hearLoaded(takingFor(guarded));
    findLoaded(guarded);
  });
  return () => {
    stopSucceeding();
    stopHearing?.();
    unhook?.();
  };
}

/** Hears of each file that the load hook, or a bundler's plugin, has added its line to. */
function hearAnnounced(listener: LoadListener): () => void {
  const { listeners } = announcements.value;
  const hear = takingFor(listener);
  guard('instrumenting clients loaded before', hearLoaded, hear);
  listeners.add(hear);
  return () => listeners.delete(hear);
}

function takingFor(listener: LoadListener): Announce {
  return (exported, file, version) => {
    appending?.resume();
    take(listener, exported, file, { version });
  };
}

function installHooks(listener: LoadListener): (() => void) | undefined {
  if (typeof module.registerHooks !== 'function') return hookRequire(listener);
  appendOnLoad();
  return undefined;
}

let appending: LoadHook | undefined;
/** Whether loaded copies of the OpenTelemetry API are reported to a listener. */
let isApiAwaited = false;

/** The hook outlives the last listener: an ES module that loads in between could never be found again. */
function appendOnLoad(): void {
  if (appending !== undefined) return;
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

function announceClient(url: string, result: module.LoadFnOutput): module.LoadFnOutput | undefined {
  const file = url.startsWith('file:') ? fileURLToPath(url) : url;
  // Without this, files of other packages with the same name are changed.
  if (versionOfHooked(file) === undefined) return undefined;
  // Without this, instrumentations change the API, too.
  if (hookedFile(file)?.defines === 'api' && !isApiAwaited) return undefined;
  const source = result.source == null ? readFileSync(file, 'utf8') : sourceText(result.source);
  // Another copy of the hooks got here first.
  // Without this, a second copy of this package adds its line again.
  if (source.includes(JSON.stringify(announcements.key))) return undefined;
  return { ...result, source: source + announcementOf(file, announcements.key) };
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
      take(listener, exported, join(directory ?? '', file.split(/[\\/]/).pop() ?? ''));
    else if (defined !== undefined) take(listener, exported, file);
    return exported;
  });
  return () => hook.unhook();
}

/** Only CommonJS has a cache to look through; ES modules that loaded earlier cannot be found. */
function findLoaded(listener: LoadListener): void {
  for (const [file, exported] of loadedFiles()) take(listener, exported, file, { early: true });
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

/** What is known of a file before it is read: whether it loaded before the hooks; its version, in a bundle. */
interface KnownOfFile {
  readonly early?: boolean;
  readonly version?: string | undefined;
}

function take(listener: LoadListener, exported: unknown, file: string, known: KnownOfFile = {}): void {
  const defined = hookedFile(file)?.defines ?? 'client';
  if (defined === 'client') takeClient(listener, exported, file, known);
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

function takeClient(listener: LoadListener, exported: unknown, file: string, known: KnownOfFile): void {
  guard('finding the client of a module', () => {
    const prototype = findClientPrototype(exported);
    const { version = versionOfHooked(file), early = false } = known;
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
