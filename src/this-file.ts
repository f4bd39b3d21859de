/**
 * The file that this code is in, as a path or a URL, to look for packages from: in the build for CommonJS that is
 * `__filename`. A bundler may leave neither; the program's folder stands in for it then.
 */
export function thisFile(): string {
  if (typeof __filename === 'string') return __filename;
  return import.meta.url ?? `${globalThis.process.cwd()}/bundled.js`;
}
