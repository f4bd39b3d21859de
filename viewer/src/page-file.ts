import { createHash, randomUUID } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PAGE_SCRIPT, PAGE_STYLE } from './page-assets.ts';
import { type PageParts, pageData, pageHtml } from './page-document.ts';
import type { ViewedSpan } from './viewed-span.ts';

/**
 * A self-contained page that shows spans and loads nothing. Its content security policy allows only its own
 * script and style, and media in the spans. The spans are JSON that an HTML parser cannot mistake for markup.
 *
 * @param omitted the number of spans that did not fit
 */
export function pageDocument(spans: readonly ViewedSpan[], omitted: number): string {
  return pageHtml(partsWith(''), pageData(spans, omitted));
}

/** The page of the command `view`. It requests spans only from the server that it comes from. */
export function livePageDocument(): { readonly html: string; readonly policy: string } {
  const parts = partsWith("connect-src 'self'; ");
  return {
    html: pageHtml(parts, '{"live":true,"omitted":0,"spans":[]}'),
    policy: `${parts.policy}; frame-ancestors 'none'`,
  };
}

function partsWith(more: string): PageParts {
  const policy = `default-src 'none'; ${more}img-src data:; media-src data:; script-src ${hashOf(PAGE_SCRIPT)}; style-src ${hashOf(PAGE_STYLE)}; base-uri 'none'; form-action 'none'`;
  return { policy, script: PAGE_SCRIPT, style: PAGE_STYLE };
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/**
 * Writes a page or a file of traces, and creates missing folders. Only the owner can read them, because the
 * file contains everything that the spans contain. Atomically replaces a file at the path.
 *
 * @throws if something other than a regular file is there, such as a device or a symbolic link, as /dev/stdout is
 */
export function writePrivately(path: string, text: string | Uint8Array): void {
  // A program that runs as root would otherwise replace devices such as /dev/null.
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false)
    throw Object.assign(new Error(`${path} is not a file.`), { code: 'not a file' });
  makeFolder(dirname(path));
  const unfinished = `${path}.${randomUUID()}`;
  try {
    writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' });
    renameSync(unfinished, path);
  } finally {
    // If renaming failed, delete the unfinished file: it contains the content of the spans.
    rmSync(unfinished, { force: true });
  }
}

/** Creates a folder and its parents. Where that is impossible, as in /proc, Node's `recursive` never ends. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const above = dirname(folder);
  if (above !== folder) makeFolder(above);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another writer may have created the folder in the meantime.
    if (!existsSync(folder)) throw error;
  }
}
