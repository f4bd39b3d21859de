/**
 * The path or URL of the file that contains this code; `__filename` in the CommonJS build. A bundler may provide
 * neither.
 */
export function thisFile(): string | undefined {
  return typeof __filename === 'string' ? __filename : import.meta.url;
}
