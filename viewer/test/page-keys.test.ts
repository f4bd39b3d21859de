import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { accessFindings } from '../../test/support/axe.ts';
import { NO_BROWSER } from '../../test/support/browser.ts';
import { usePage } from './opened-page.ts';
import type { SpanPlan } from './spans.ts';

const plan = (name: string, start: number): SpanPlan => ({ name, start, end: start + 1 });

describe.skipIf(NO_BROWSER !== undefined)('the keys of a page', () => {
  const { open } = usePage();
  let page: Page;

  const title = (): Promise<string | null> => page.getByRole('heading', { level: 2 }).textContent();
  const dialog = (): Locator => page.getByRole('dialog', { name: 'Keys' });

  it.each([1440, 1000, 400])(
    'go through the traces in the order of the list, at %d pixels',
    async (width) => {
      const plans = Array.from({ length: 30 }, (_, i) => plan(`trace ${i}`, i));
      page = await open(plans, { width });
      const first = width < 1_400 ? ['j'] : [];
      for (const key of [...first, 'k', 'j', 'j', 'k', 'j', 'j']) await page.keyboard.press(key);
      expect(await title()).toBe('trace 26');
      for (const _ of plans) await page.keyboard.press('j');
      expect(await title()).toBe('trace 0');
      if (width >= 1_400) await expect.poll(() => page.locator('nav [aria-current]').isVisible()).toBe(true);
      await page.keyboard.press('k');
      expect(await title()).toBe('trace 1');
    },
  );

  it('are listed at a question mark, and do nothing else until the list is closed', async () => {
    page = await open([plan('a', 1), plan('b', 2)]);
    await page.keyboard.press('?');
    await dialog().waitFor();
    const rows = await dialog().getByRole('row').allInnerTexts();
    expect(rows.map((row) => row.split('\t')[0]?.trim())).toEqual([
      ...['/', 'j', 'k', 'n', 'z', 'c', 'Escape', '?'],
      ...['↑ ↓ Home End', '→ ←', 'Enter'],
    ]);
    expect(await accessFindings(page)).toEqual([]);
    await page.keyboard.press('j');
    await page.keyboard.press('/');
    expect(await dialog().isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    expect(await dialog().isVisible()).toBe(false);
    expect(await title()).toBe('b');
    await page.getByRole('button', { name: 'Keys' }).click();
    await dialog().getByRole('button', { name: 'Close' }).click();
    expect(await dialog().isVisible()).toBe(false);
    await page.getByRole('combobox', { name: 'Filter' }).pressSequentially('a?j');
    expect(await page.getByRole('combobox', { name: 'Filter' }).inputValue()).toBe('a?j');
    expect(await dialog().isVisible()).toBe(false);
  });

  it.each([
    [1440, 'Compare with…'],
    [400, 'trace 2'],
  ])('reach a link past the header and the list first, at %d pixels', async (width, next) => {
    page = await open([plan('trace 1', 1), plan('trace 2', 2)], { width });
    await page.keyboard.press('Tab');
    const skip = page.getByRole('button', { name: 'Skip to the trace' });
    expect(await skip.evaluate((it) => it === document.activeElement)).toBe(true);
    expect((await skip.boundingBox())?.y).toBeGreaterThanOrEqual(0);
    expect(await accessFindings(page)).toEqual([]);
    await page.keyboard.press('Enter');
    if (width >= 1_400) await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain(next);
  });
});
