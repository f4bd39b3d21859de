/**
 * The file that this code is in, as a path or a URL: in the CommonJS build that is `__filename`. A bundler may
 * leave neither.
 */
export function thisFile(): string | undefined {
  return typeof __filename === 'string' ? __filename : import.meta.url;
}
