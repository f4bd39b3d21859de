import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type Browser, startBrowser } from './browser.ts';

/** What the tests of one suite have in common while they run. */
interface SuiteBrowser {
  readonly open: Browser['open'];
  /** A path in a folder that is removed after the suite. */
  pathOf(name: string): string;
}

/** Starts a browser for the tests of the suite that calls this. */
export function suiteBrowser(): SuiteBrowser {
  let browser: Browser | undefined;
  let folder: string | undefined;
  beforeAll(async () => {
    browser = await startBrowser();
    folder = await mkdtemp(join(tmpdir(), 'pages-'));
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  return {
    open: (options) => started(browser).open(options),
    pathOf: (name) => join(started(folder), name),
  };
}

function started<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('The browser has not started');
  return value;
}
