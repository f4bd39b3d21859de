import { pathToFileURL } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { afterEach, expect } from 'vitest';
import { HtmlTraceExporter } from '../src/html-trace.ts';
import type { FinishedSpan } from '../src/viewed-span.ts';
import './host.ts';
import type { Browser } from '../../test/support/browser.ts';
import { suiteBrowser } from '../../test/support/suite-browser.ts';
import { makeSpans, type SpanPlan } from './spans.ts';

/** On a small screen, the list of traces is a screen of its own: opens its first entry, if there is a list. */
export async function chooseFirst(page: Page): Promise<void> {
  const entry = page.getByRole('main').getByRole('navigation').getByRole('listitem').first();
  if (await entry.isVisible()) await entry.getByRole('button').click();
}

/** The lines of a message, without the button that copies it. */
export function linesOf(shown: string): string[] {
  return shown.split('\n').filter((line) => line !== '' && line !== 'Copy');
}

/** The texts of the cells of each row. */
export async function cellsOf(rows: Locator): Promise<string[][]> {
  return (await rows.allInnerTexts()).map((row) => row.split('\t').map((cell) => cell.trim()));
}

type OpenOptions = NonNullable<Parameters<Browser['open']>[0]> & { readonly maxSize?: number };

interface OpenedPages {
  /** Opens the page of some spans, in place of the one before. */
  open(plans: readonly SpanPlan[], options?: OpenOptions): Promise<Page>;
  openSpans(spans: readonly FinishedSpan[], options?: OpenOptions): Promise<Page>;
  /** What no page may do: fail, ask, or load something. There is none at the end of a test. */
  readonly offences: string[];
}

/** Opens a page in each test of the suite that calls this. */
export function usePage(): OpenedPages {
  const browser = suiteBrowser();
  const offences: string[] = [];
  let page: Page | undefined;
  let opened = 0;
  const openSpans: OpenedPages['openSpans'] = async (spans, { maxSize = 100_000_000, ...options } = {}) => {
    await page?.close();
    const path = browser.pathOf(`${++opened}.html`);
    const exporter = new HtmlTraceExporter({ path, maxSize });
    exporter.export(spans, () => {});
    await exporter.shutdown();
    page = await browser.open(options);
    const address = pathToFileURL(path).href;
    page.on('console', (said) => offences.push(said.text()));
    page.on('pageerror', (error) => offences.push(error.message));
    page.on('dialog', (dialog) => {
      offences.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      const [url] = request.url().split('#');
      if (url !== address && !/^(?:data|about):/.test(request.url())) offences.push(`request ${url}`);
    });
    await page.goto(address);
    return page;
  };
  afterEach(async () => {
    await page?.close();
    expect(offences.splice(0)).toEqual([]);
  });
  return {
    open: (plans, options) =>
      openSpans(
        plans.flatMap((plan) => makeSpans(plan)),
        options,
      ),
    openSpans,
    offences,
  };
}
