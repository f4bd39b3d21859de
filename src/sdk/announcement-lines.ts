import { NAME } from '../util/version.ts';
import { hookedFile } from './hooked-files.ts';

/** Where lines in a bundle find `announcements`. */
const LOADED = `${NAME}/loaded@1`;
/** What they announce before a copy of this package is loaded: a bundle runs its modules in its own order. */
export const EARLY_ANNOUNCEMENTS: string = `${NAME}/loaded-early@1`;

/**
 * The line that the load hook appends to a file. Whatever another package puts under the symbol, the file loads.
 *
 * @param key of the state of the process, which has `announcements` among its values
 */
export function announcementOf(file: string, key: string): string {
  const loaded = isEsModule(file) ? `${exportsOf(file)}, import.meta.url` : 'exports, __filename';
  return `\n;try { globalThis[${symbol(key)}].values.get("loaded")(${loaded}); } catch {}\n`;
}

/**
 * The line that a bundler's plugin appends to a file.
 *
 * @param file from the folder of its package on, with the name of the package: paths of the machine that builds are private
 */
export function bundledAnnouncementOf(file: string, version: string): string {
  const exported = isEsModule(file) ? exportsOf(file) : 'exports';
  const keep = `((...loaded) => (globalThis[${symbol(EARLY_ANNOUNCEMENTS)}] ??= []).push(loaded))`;
  const announce = `(globalThis[${symbol(LOADED)}] ?? ${keep})`;
  return `\n;try { ${announce}(${exported}, ${JSON.stringify(file)}, ${JSON.stringify(version)}); } catch {}\n`;
}

function isEsModule(file: string): boolean {
  return file.endsWith('.mjs');
}

/** What is announced of an ES module, which has no object with its exports. */
function exportsOf(file: string): string {
  const names = hookedFile(file)?.names ?? [];
  const exported = names.map((name) => `${name}: typeof ${name} === "undefined" ? undefined : ${name}`);
  return `{ ${exported.join(', ')} }`;
}

function symbol(key: string): string {
  return `Symbol.for(${JSON.stringify(key)})`;
}
