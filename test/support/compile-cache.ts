import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'compiled');
const MAX_AGE_MS = 24 * 60 * 60 * 1000;

/**
 * Has Node keep what it compiles for the workers and all programs that tests start, which load the same packages
 * again and again. Some programs are written to temporary files, so what is kept only grows: it is removed every day.
 */
export function shareCompiledCode(): void {
  if (process.env.NODE_COMPILE_CACHE !== undefined) return;
  process.env.NODE_COMPILE_CACHE = FOLDER;
  try {
    mkdirSync(FOLDER, { recursive: true });
    if (Date.now() - statSync(FOLDER).birthtimeMs > MAX_AGE_MS) rmSync(FOLDER, { recursive: true });
  } catch {
    // Somebody else's folder: Node keeps nothing there, and programs only take longer.
  }
}
