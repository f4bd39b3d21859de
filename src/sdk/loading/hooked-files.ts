import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { field, textField } from '../../util/payload.ts';
import { STATE_KEY } from '../../util/process-state.ts';
import { NAME } from '../../util/version.ts';
import { CLASS_NAMES, type ClassKind } from '../class-names.ts';

interface HookedFiles {
  readonly defines: 'client' | 'api' | ClassKind;
  readonly package: 'openai' | '@openai/agents-core' | '@openai/agents-realtime' | '@opentelemetry/api';
  /** Matches the part of the path inside the folder of the package. */
  readonly path: RegExp;
  /** Code in an ES module can refer to its exports only by name. */
  readonly names: readonly string[];
}

export const HOOKED_FILES: readonly HookedFiles[] = [
  {
    // openai 5 to 7 has the client in `client`. openai 4 has it in `core`, and its class with the resources
    // in `index`.
    defines: 'client',
    package: 'openai',
    path: /[\\/](?:client|core|(?<=(?:^|[\\/])openai[\\/])index)\.m?js$/,
    names: ['OpenAI', 'APIClient'],
  },
  {
    defines: 'socket',
    package: 'openai',
    path: /[\\/](?:(?:beta[\\/])?realtime(?:[\\/]translations)?|resources[\\/](?:beta[\\/])?responses|resources[\\/]live(?:[\\/](?:forks|sideband))?)[\\/](?:ws|websocket)\.m?js$/,
    names: CLASS_NAMES.socket,
  },
  {
    // These helpers cannot be reached from a client.
    defines: 'loop',
    package: 'openai',
    path: /[\\/]helpers[\\/](?:responses|decisions)-tool-runner\.m?js$/,
    names: CLASS_NAMES.loop,
  },
  {
    defines: 'agents',
    package: '@openai/agents-core',
    path: /[\\/]dist[\\/]run\.m?js$/,
    names: CLASS_NAMES.agents,
  },
  {
    defines: 'agents-realtime',
    package: '@openai/agents-realtime',
    path: /[\\/]dist[\\/]openaiRealtimeBase\.m?js$/,
    names: CLASS_NAMES['agents-realtime'],
  },
  {
    // The files that `import` and `require` load, first in API 1.10, then in API 1.9.
    defines: 'api',
    package: '@opentelemetry/api',
    path: /(?<=(?:^|[\\/])@opentelemetry[\\/]api)[\\/](?:dist[\\/]index\.[cm]js|build[\\/]src[\\/]index\.js)$/,
    names: ['context', 'logs', 'metrics', 'propagation', 'ProxyTracer', 'trace'],
  },
];

/** Matches the names of all these files. It is tested first, because a program loads thousands of files. */
export const HOOKED_NAMES: RegExp =
  /[\\/](?:client|core|index|ws|websocket|responses-tool-runner|decisions-tool-runner|run|openaiRealtimeBase)\.[cm]?js$/;

interface HookedFile extends HookedFiles {
  readonly folder: string;
}

/** Judges by the path or URL alone. Whether the file really belongs to the package is not checked. */
export function hookedFile(file: string): HookedFile | undefined {
  if (!HOOKED_NAMES.test(file)) return undefined;
  for (const row of HOOKED_FILES) {
    const found = row.path.exec(file);
    if (found !== null) return { ...row, folder: file.slice(0, found.index) };
  }
  return undefined;
}

/** The key of the symbol under which modules of a bundle wait if they run before this package. */
export const EARLY_ANNOUNCEMENTS: string = `${NAME}/loaded-early@1`;

/**
 * The line that the load hook appends to a file. It catches all errors: other code may set the symbol.
 *
 * @param key the key of the symbol that holds the state of the process, whose values include `announcements`
 */
export function announcementOf(file: string, key: string): string {
  const loaded = isEsModule(file) ? `${exportsOf(file)}, import.meta.url` : 'exports, __filename';
  return `\n;try { ${announceIn(key)}(${loaded}); } catch {}\n`;
}

/**
 * The line that a bundler's plugin appends to a file.
 *
 * @param file the path from the package's name on: the rest would reveal folders of the build machine
 */
export function bundledAnnouncementOf(file: string, version: string): string {
  const exported = isEsModule(file) ? exportsOf(file) : 'exports';
  const keep = `((...loaded) => (globalThis[${symbol(EARLY_ANNOUNCEMENTS)}] ??= []).push(loaded))`;
  const announce = `(${announceIn(STATE_KEY)} ?? ${keep})`;
  return `\n;try { ${announce}(${exported}, ${JSON.stringify(file)}, ${JSON.stringify(version)}); } catch {}\n`;
}

function announceIn(key: string): string {
  return `globalThis[${symbol(key)}]?.values.get("loaded")`;
}

function isEsModule(file: string): boolean {
  return file.endsWith('.mjs');
}

/** An ES module has no object with its exports, so this is the code for one. */
function exportsOf(file: string): string {
  const names = hookedFile(file)?.names ?? [];
  const exported = names.map((name) => `${name}: typeof ${name} === "undefined" ? undefined : ${name}`);
  return `{ ${exported.join(', ')} }`;
}

function symbol(key: string): string {
  return `Symbol.for(${JSON.stringify(key)})`;
}

/** `undefined` if the file belongs to another package than its path suggests. */
export function versionOfHooked(file: string): string | undefined {
  const path = file.startsWith('file:') ? fileURLToPath(file) : file;
  const hooked = hookedFile(path);
  if (hooked === undefined) return undefined;
  const manifest = join(hooked.folder, 'package.json');
  const content: unknown = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')) : undefined;
  return field(content, 'name') === hooked.package ? (textField(content, 'version') ?? 'unknown') : undefined;
}
