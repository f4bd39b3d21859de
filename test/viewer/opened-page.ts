import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { type FinishedSpan, HtmlTraceExporter } from '../../src/export.ts';
import type { Browser } from '../support/browser.ts';
import { makeSpans, type SpanPlan } from './spans.ts';

/** On a small screen, the list of traces is a screen of its own: opens its first entry, if there is a list. */
export async function chooseFirst(page: Page): Promise<void> {
  const entry = page.getByRole('main').getByRole('navigation').getByRole('listitem').first();
  if (await entry.isVisible()) await entry.getByRole('button').click();
}

interface OpenOptions extends NonNullable<Parameters<Browser['open']>[0]> {
  /** Gets what no page may do: fail, ask, or load something. */
  readonly offences?: string[] | undefined;
}

/** Opens the page of some spans in a browser. */
export function openPage(
  browser: Pick<Browser, 'open'>,
  plans: readonly SpanPlan[],
  options: OpenOptions = {},
): Promise<Page> {
  return openSpans(
    browser,
    plans.flatMap((plan) => makeSpans(plan)),
    options,
  );
}

export async function openSpans(
  browser: Pick<Browser, 'open'>,
  spans: readonly FinishedSpan[],
  { offences = [], ...options }: OpenOptions & { readonly maxSize?: number } = {},
): Promise<Page> {
  const { maxSize = 100_000_000 } = options;
  const folder = await mkdtemp(join(tmpdir(), 'pages-'));
  const path = join(folder, 'page.html');
  const exporter = new HtmlTraceExporter({ path, maxSize });
  exporter.export(spans, () => {});
  await exporter.shutdown();
  const page = await browser.open(options);
  const address = pathToFileURL(path).href;
  page.on('console', (said) => offences.push(said.text()));
  page.on('pageerror', (error) => offences.push(error.message));
  page.on('dialog', (dialog) => {
    offences.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url() !== address && !request.url().startsWith('data:'))
      offences.push(`request ${request.url()}`);
  });
  await page.goto(address);
  page.on('close', () => void rm(folder, { recursive: true, force: true }));
  return page;
}
