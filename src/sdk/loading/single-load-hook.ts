import module from 'node:module';
import { fileURLToPath } from 'node:url';
import util from 'node:util';
import { notice, printFinding } from '../../diagnostics/report.ts';
import { repairedNode } from '../../diagnostics/tested-versions.ts';
import { keepNewest } from '../../util/bounded-map.ts';
import { guard } from '../../util/guard.ts';
import { builtInRequire } from '../../util/optional-packages.ts';
import { copyFunctionProperties, patchMethod } from '../../util/patch-method.ts';
import { textField } from '../../util/payload.ts';
import { onceProcess } from '../../util/process-events.ts';
import { propertyOf } from '../reflect.ts';
import { announceOnce } from './announcements.ts';
import { hookedFile, versionOfHooked } from './hooked-files.ts';
import { withAnnouncement } from './load-hook.ts';

/** The function of Node that resolves a module in order to load it. `import.meta.resolve()` does not call it. */
const LOADS = /^getModuleJobFor(Import|Require)/;
/** Other packages' hooks add a few frames each. */
const MAX_FRAMES = 200;

/**
 * Hooks the load of one file at a time, on releases of Node (`repairedNode`) that cannot link imported CommonJS while a
 * load hook is registered. A resolve hook does no harm there, and tells which file loads next. CommonJS needs no
 * load hook: `Module.prototype.load` completes it. All these releases are out, so the order of their steps is known.
 */
export class SingleLoadHook {
  announcesApi = false;
  readonly #register: typeof module.registerHooks = module.registerHooks;
  readonly #cache: NodeJS.Require['cache'] = builtInRequire(module.createRequire).cache;
  /** The URLs of ES modules that have been loaded. Node loads each once. */
  readonly #loaded = new Set<string>();
  /** The files of CommonJS that are about to load. */
  readonly #awaited = new Set<string>();
  #hooked: module.ModuleHooks | undefined;
  /** How many imported files are about to load. */
  #expecting = 0;
  #restoreLoad: (() => boolean) | undefined;

  constructor() {
    this.#register({ resolve: this.#resolve });
    onceProcess('uncaughtExceptionMonitor', this.#explain);
  }

  readonly #resolve: module.ResolveHookSync = (specifier, context, nextResolve) => {
    // What was to load before this has loaded, or never will.
    guard('instrumenting a required module', () => this.#settle());
    const resolved = nextResolve(specifier, context);
    if (hookedFile(resolved.url) !== undefined)
      guard('expecting a module', () =>
        this.#expect(resolved.url, [...context.conditions].includes('import')),
      );
    return resolved;
  };

  #expect(url: string, isImported: boolean): void {
    const isKnown = this.#loaded.has(url) || !url.startsWith('file:');
    const file = isKnown ? undefined : fileURLToPath(url);
    if (file === undefined || this.#cache[file] !== undefined || !this.#announces(file)) return;
    const how = isImported ? howLoaded() : 'Require';
    if (how === undefined) return;
    if (!isImported || !url.endsWith('.mjs')) this.#await(file, how === 'Import');
    else if (how === 'Require') this.#hook(url);
    else void this.#expectImport(url);
  }

  /** Hooks the next microtask but one, in which Node loads the file, unless it has loaded it before the hooks. */
  async #expectImport(url: string): Promise<void> {
    this.#expecting++;
    await undefined;
    guard('hooking a module', () => this.#hook(url));
    await undefined;
    this.#expecting--;
  }

  #announces(file: string): boolean {
    return versionOfHooked(file) !== undefined && (this.announcesApi || hookedFile(file)?.defines !== 'api');
  }

  /** Hooks the load that follows at once: until it, until something else is resolved, or until the next microtask. */
  #hook(expected: string): void {
    if (this.#loaded.has(expected)) return;
    const hooked = this.#register({
      load: (url, context, nextLoad) => {
        if (url !== expected) return nextLoad(url, context);
        hooked.deregister();
        keepNewest(this.#loaded.add(url));
        const result = nextLoad(url, context);
        return guard('instrumenting a module', withAnnouncement, url, result, this.announcesApi) ?? result;
      },
    });
    this.#hooked = hooked;
    void inNextMicrotask(() => hooked.deregister());
  }

  /** Announces a file when it has loaded: CommonJS that is imported loads when its importer runs. */
  #await(file: string, isImported: boolean): void {
    keepNewest(this.#awaited.add(file));
    this.#patchLoad();
    void inNextMicrotask(() => {
      this.#settle();
      if (!isImported) this.#forget(file);
    });
  }

  #patchLoad(): void {
    const { prototype } = module.Module;
    const original = propertyOf(prototype, 'load');
    if (this.#restoreLoad !== undefined || typeof original !== 'function') return;
    const hook = this;
    const load = function (this: { exports: unknown }, ...given: readonly unknown[]): unknown {
      const file = String(given[0]);
      // Before it loads, so that nothing else that loads meanwhile has a frame of ours in its stacks.
      const isAwaited = hook.#forget(file);
      const result: unknown = original.apply(this, given);
      if (isAwaited) guard('instrumenting a required module', announceOnce, this.exports, file);
      return result;
    };
    copyFunctionProperties(original, load);
    this.#restoreLoad = patchMethod(prototype, 'load', load);
  }

  #forget(file: string): boolean {
    const isAwaited = this.#awaited.delete(file);
    // If another package has wrapped the method meanwhile, ours stays below it.
    if (this.#awaited.size === 0 && this.#restoreLoad?.() === true) this.#restoreLoad = undefined;
    return isAwaited;
  }

  /** Beside a loader that provides its source, imported CommonJS does not pass `Module.prototype.load`. */
  #settle(): void {
    this.#unhook();
    // The file that is resolved now loads after this microtask.
    if (this.#expecting > 0) void inNextMicrotask(() => this.#unhook());
    for (const file of this.#awaited) {
      const loaded = this.#cache[file];
      if (loaded?.loaded !== true) continue;
      this.#forget(file);
      announceOnce(loaded.exports, file);
    }
  }

  #unhook(): void {
    this.#hooked?.deregister();
    this.#hooked = undefined;
  }

  /** The program ends, because another package has registered a load hook. */
  readonly #explain = (error: unknown): void => {
    if (!isLoadHookFailure(error)) return;
    const finding = notice(
      'load_hook_registered',
      process.versions.node,
      'another package',
      repairedNode() ?? '',
    );
    if (finding !== undefined) printFinding(finding);
  };
}

/** Called in a resolve hook: `Import` loads in the next microtask, `Require` at once. Nothing loads if `undefined`. */
function howLoaded(): string | undefined {
  for (const { functionName } of util.getCallSites(MAX_FRAMES, { sourceMap: false })) {
    const [, how] = LOADS.exec(functionName) ?? [];
    if (how !== undefined) return how;
  }
  return undefined;
}

/** Not with `queueMicrotask` or `Promise`, which a program may have replaced. */
async function inNextMicrotask(run: () => void): Promise<void> {
  await undefined;
  guard('hooking a module', run);
}

function isLoadHookFailure(error: unknown): boolean {
  const code = textField(error, 'code');
  // A loader of `module.register` may link wrongly by itself. Beside one that does not, a load hook fails in another way.
  if (code === 'ERR_VM_MODULE_LINK_FAILURE') return !hasLoader();
  return code === 'ERR_INVALID_RETURN_PROPERTY_VALUE' && /"load"/.test(textField(error, 'message') ?? '');
}

/** Whether a loader of `module.register` is in use, such as that of tsx. These releases list its internal module then. */
function hasLoader(): boolean {
  const loaded = propertyOf(process, 'moduleLoadList');
  return Array.isArray(loaded) && loaded.includes('NativeModule internal/modules/esm/hooks');
}
