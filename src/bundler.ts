/**
 * Plugins for bundlers. Module hooks cannot see into a bundle: at build time, a plugin adds to the files of `openai` and
 * `@openai/agents` the line that the hooks would add when they load. `OpenAIInstrumentation` and `…/register` then
 * instrument what is inside. Builds for browsers stay as they are.
 *
 * The module itself is a webpack loader, for bundlers that run loaders but no plugins.
 */
import { readFile } from 'node:fs/promises';
import {
  bundledAnnouncementOf,
  HOOKED_NAMES,
  hookedFile,
  versionOfHooked,
} from './sdk/loading/hooked-files.ts';
import { NAME } from './util/version.ts';

/** Adds the line at the end, so that positions in source maps stay. Gives `undefined` for all other files. */
function announce(source: string, id: string): string | undefined {
  const file = id.replace(/[?#].*$/, '');
  const hooked = hookedFile(file);
  if (hooked === undefined || hooked.defines === 'api') return undefined;
  try {
    const version = versionOfHooked(file);
    const path = hooked.package + file.slice(hooked.folder.length).replaceAll('\\', '/');
    return version === undefined ? undefined : source + bundledAnnouncementOf(path, version);
  } catch {
    // A manifest that cannot be read is no reason to break a build.
    return undefined;
  }
}

/** A plugin for Rollup and the bundlers that take its plugins. */
export interface RollupPlugin {
  readonly name: string;
  readonly transform: {
    readonly filter: { readonly id: RegExp };
    handler(this: object, code: string, id: string): { code: string; map: null } | undefined;
  };
}

function rollupPlugin(isServer: (context: object) => boolean): RollupPlugin {
  return {
    name: NAME,
    transform: {
      filter: { id: HOOKED_NAMES },
      handler(code, id) {
        const announced = isServer(this) ? announce(code, id) : undefined;
        return announced === undefined ? undefined : { code: announced, map: null };
      },
    },
  };
}

/** For Rollup, and for Nitro's `rollupConfig`. Use it in the configuration of the server alone. */
export function rollup(): RollupPlugin {
  return rollupPlugin(() => true);
}

/** For Rolldown and tsdown. Use it in the configuration of the server alone. */
export function rolldown(): RollupPlugin {
  return rollupPlugin(() => true);
}

/** For Vite 6 and later, and frameworks that build with it, such as Astro. Only environments of servers are changed. */
export function vite(): RollupPlugin {
  return rollupPlugin((context) => {
    const { environment } = context as { environment?: { config?: { consumer?: unknown } } };
    return environment?.config?.consumer === 'server';
  });
}

/** What a plugin uses of esbuild. */
export interface EsbuildBuild {
  readonly initialOptions: { readonly platform?: 'browser' | 'node' | 'neutral' };
  onLoad(
    options: { filter: RegExp; namespace: string },
    load: (file: { path: string }) => Promise<{ contents: string; loader: 'js' } | undefined>,
  ): void;
}

/** A plugin for esbuild. */
export interface EsbuildPlugin {
  readonly name: string;
  setup(build: EsbuildBuild): void;
}

/** For esbuild. It changes nothing unless `platform` is `node` or `neutral`. */
export function esbuild(): EsbuildPlugin {
  return {
    name: NAME,
    setup({ initialOptions, onLoad }) {
      if ((initialOptions.platform ?? 'browser') === 'browser') return;
      onLoad({ filter: HOOKED_NAMES, namespace: 'file' }, async ({ path }) => {
        const contents = announce(await readFile(path, 'utf8'), path);
        return contents === undefined ? undefined : { contents, loader: 'js' };
      });
    },
  };
}

/** What a plugin uses of a compiler of webpack or Rspack. */
export interface WebpackCompiler {
  readonly options: {
    readonly externalsPresets: { readonly node?: boolean };
    readonly module: { readonly rules: unknown[] };
  };
  readonly hooks: { readonly afterEnvironment: { tap(name: string, run: () => void): void } };
}

/** A plugin for webpack and Rspack. */
export interface WebpackPlugin {
  apply(compiler: WebpackCompiler): void;
}

/** For webpack, also that of Next.js. Only compilations with a `target` of Node or Electron are changed. */
export function webpack(): WebpackPlugin {
  return {
    apply({ options, hooks }) {
      // Defaults, such as those of the target, are known by then.
      hooks.afterEnvironment.tap(NAME, () => {
        if (options.externalsPresets.node === true)
          options.module.rules.push({ test: HOOKED_NAMES, use: [{ loader: __filename }] });
      });
    },
  };
}

/** For Rspack and Rsbuild. Only compilations with a `target` of Node or Electron are changed. */
export function rspack(): WebpackPlugin {
  return webpack();
}

interface LoaderContext {
  readonly resourcePath: string;
  callback(error: null, source: string, map: unknown): void;
}

/** The loader: `loaders: ['opentelemetry-instrumentation-openai/bundler']`. */
export default function announceLoaded(this: LoaderContext, source: string, map?: unknown): void {
  this.callback(null, announce(source, this.resourcePath) ?? source, map);
}
