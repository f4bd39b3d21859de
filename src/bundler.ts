/**
 * Plugins for bundlers. Module hooks cannot see into a bundle. So a plugin changes files of `openai` and
 * `@openai/agents` at build time: it adds the line that the hooks would add at run time.
 * `OpenAIInstrumentation` and `…/register` then instrument the bundled code. Builds for browsers stay
 * unchanged.
 *
 * The default export is a webpack loader, for bundlers that run loaders but no plugins.
 */
import { readFile } from 'node:fs/promises';
import {
  bundledAnnouncementOf,
  HOOKED_NAMES,
  hookedFile,
  versionOfHooked,
} from './sdk/loading/hooked-files.ts';
import { NAME } from './util/version.ts';

/** Appends the line, so that source maps stay correct. Returns `undefined` for files that need no line. */
function announce(source: string, id: string): string | undefined {
  const file = id.replace(/[?#].*$/, '');
  const hooked = hookedFile(file);
  if (hooked === undefined || hooked.defines === 'api') return undefined;
  try {
    const version = versionOfHooked(file);
    const path = hooked.package + file.slice(hooked.folder.length).replaceAll('\\', '/');
    return version === undefined ? undefined : source + bundledAnnouncementOf(path, version);
  } catch {
    // An unreadable package.json must not break the build.
    return undefined;
  }
}

/** A plugin for Rollup, and for bundlers that accept Rollup's plugins. */
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

/** For Rollup, and for Nitro's `rollupConfig`. Use it only in the server's configuration. */
export function rollup(): RollupPlugin {
  return rollupPlugin(() => true);
}

/** For Rolldown and tsdown. Use it only in the server's configuration. */
export function rolldown(): RollupPlugin {
  return rollupPlugin(() => true);
}

/** For Vite 6 and later, and frameworks that use it, such as Astro. Only changes server environments. */
export function vite(): RollupPlugin {
  return rollupPlugin((context) => {
    const { environment } = context as { environment?: { config?: { consumer?: unknown } } };
    return environment?.config?.consumer === 'server';
  });
}

/** The part of esbuild's `PluginBuild` that the plugin uses. */
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

/** The part of a webpack or Rspack compiler that the plugin uses. */
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

/** For webpack, including the one in Next.js. Only changes compilations for Node or Electron. */
export function webpack(): WebpackPlugin {
  return {
    apply({ options, hooks }) {
      // By then, webpack has set the defaults that depend on the target.
      hooks.afterEnvironment.tap(NAME, () => {
        if (options.externalsPresets.node === true)
          options.module.rules.push({ test: HOOKED_NAMES, use: [{ loader: __filename }] });
      });
    },
  };
}

/** For Rspack and Rsbuild. Only changes compilations for Node or Electron. */
export function rspack(): WebpackPlugin {
  return webpack();
}

interface LoaderContext {
  readonly resourcePath: string;
  callback(error: null, source: string, map: unknown): void;
}

/** The webpack loader. In Turbopack's rules: `loaders: ['opentelemetry-instrumentation-openai/bundler']`. */
export default function announceLoaded(this: LoaderContext, source: string, map?: unknown): void {
  this.callback(null, announce(source, this.resourcePath) ?? source, map);
}
