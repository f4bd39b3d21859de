import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ROOT } from '../../test/support/lanes/paths.ts';
import type { Look } from './try.ts';

const WIDTH = 1440;
const HEIGHT = 840;

/** Writes a screenshot of a trace to docs/images. Needs Chromium; the variable `CHROMIUM` has its path. */
export const takeScreenshot: Look = async (backend, page) => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const tab = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT }, colorScheme: 'light' });
    await tab.goto(page.url);
    for (const text of page.clicks ?? []) await tab.getByText(text).first().click();
    for (const text of page.shows) await tab.getByText(text).first().waitFor();
    await tab.screenshot({ path: join(ROOT, 'docs', 'images', `${backend.name.toLowerCase()}.png`) });
  } finally {
    await browser.close();
  }
};
