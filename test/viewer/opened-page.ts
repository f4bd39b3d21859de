import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { HtmlTraceExporter } from '../../src/export.ts';
import type { Browser } from '../support/browser.ts';
import { makeSpans, type SpanPlan } from './spans.ts';

/** On a small screen, the list of traces is a screen of its own: opens its first entry, if there is a list. */
export async function chooseFirst(page: Page): Promise<void> {
  const entry = page.getByRole('main').getByRole('navigation').getByRole('listitem').first();
  if (await entry.isVisible()) await entry.getByRole('button').click();
}

/** Opens the page of some spans in a browser. */
export async function openPage(
  browser: Pick<Browser, 'open'>,
  plans: readonly SpanPlan[],
  options: Parameters<Browser['open']>[0] = {},
): Promise<Page> {
  const folder = await mkdtemp(join(tmpdir(), 'pages-'));
  const path = join(folder, 'page.html');
  const exporter = new HtmlTraceExporter({ path });
  exporter.export(
    plans.flatMap((plan) => makeSpans(plan)),
    () => {},
  );
  await exporter.shutdown();
  const page = await browser.open(options);
  await page.goto(pathToFileURL(path).href);
  page.on('close', () => void rm(folder, { recursive: true, force: true }));
  return page;
}
