import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { accessFindings } from '../support/axe.ts';
import { NO_BROWSER } from '../support/browser.ts';
import { suiteBrowser } from '../support/suite-browser.ts';
import { chooseFirst, openPage } from './opened-page.ts';
import { MATH_TUTOR, type SpanPlan, VOICE_SESSION } from './spans.ts';

/** The least that a finger hits, in pixels. */
const MIN_TARGET = 44;

const plan: SpanPlan = {
  name: 'whole',
  end: 1_000,
  children: [
    { name: 'early', end: 250, children: [{ name: 'below', end: 100 }] },
    { name: 'late', start: 500, end: 1_000 },
  ],
};

describe.skipIf(NO_BROWSER !== undefined)('on a screen that is touched, the page', () => {
  const browser = suiteBrowser();
  let page: Page;

  afterEach(() => page.close());

  const tools = () => page.getByRole('group', { name: 'Timeline view' });
  const press = (name: string): Promise<void> => tools().getByRole('button', { name }).click();
  const ticks = async (): Promise<string> => (await page.locator('.ticks span').allTextContents()).join(' ');
  const rows = (): Promise<string[]> => page.getByRole('treeitem').locator('.label').allTextContents();

  it('has a button that zooms to the selected span, and out', async () => {
    page = await openPage(browser, [plan], { touch: true });
    await page.getByRole('treeitem', { name: 'late' }).click();
    await press('Zoom');
    expect(await ticks()).toBe('500 ms 750 ms 1.00 s');
    await press('Zoom');
    expect(await ticks()).toBe('0 500 ms 1.00 s');
  });

  it('zooms to the span that was shown last where that covers the timeline, and out', async () => {
    page = await openPage(browser, [plan], { width: 800, touch: true });
    await page.getByRole('treeitem', { name: 'late' }).click();
    await page.getByRole('tab', { name: 'Timeline' }).click();
    await tools().getByRole('button', { name: 'Zoom' }).click();
    expect(await ticks()).toBe('500 ms 750 ms 1.00 s');
    await page.getByRole('button', { name: 'Reset zoom' }).click();
    expect(await ticks()).toBe('0 500 ms 1.00 s');
  });

  it('has a button that shows the whole time on a small screen, too', async () => {
    page = await openPage(browser, [plan], { width: 400, touch: true });
    await press('Zoom');
    await page.getByRole('button', { name: 'Reset zoom' }).waitFor({ state: 'detached' });
    await page.getByRole('treeitem', { name: 'late' }).click();
    await page.getByRole('tab', { name: 'Timeline' }).click();
    await press('Zoom');
    await page.getByRole('button', { name: 'Reset zoom' }).click();
    expect(await page.getByRole('button', { name: 'Reset zoom' }).count()).toBe(0);
  });

  it('zooms by a key to the row that the keys have reached', async () => {
    page = await openPage(browser, [plan], { width: 800 });
    await page.getByRole('treeitem', { name: 'whole' }).focus();
    await page.keyboard.press('End');
    await page.keyboard.press('z');
    expect(await ticks()).toBe('500 ms 750 ms 1.00 s');
  });

  it('has a button that collapses and expands all spans', async () => {
    page = await openPage(browser, [plan], { touch: true });
    await press('Collapse');
    expect(await rows()).toEqual(['whole', 'early', 'late']);
    await press('Collapse');
    expect(await rows()).toEqual(['whole', 'early', 'below', 'late']);
  });

  it.each([400, 800, 1600])('is pressed easily at %d pixels, and has no finding of axe', async (width) => {
    page = await openPage(browser, [MATH_TUTOR, VOICE_SESSION], { width, touch: true });
    const small = (): Promise<string[]> =>
      page
        .locator('button, summary, search label, [role="tab"], [role="treeitem"], .toggle')
        .evaluateAll((all, least) => {
          const isSmall = (each: Element): boolean => {
            const { width, height } = each.getBoundingClientRect();
            return height < least || width < least;
          };
          return all
            .filter((each) => each.checkVisibility() && !each.matches('.link') && isSmall(each))
            .map((each) => each.outerHTML.slice(0, 100));
        }, MIN_TARGET);
    expect(await small()).toEqual([]);
    expect(await accessFindings(page)).toEqual([]);
    await chooseFirst(page);
    expect(await small()).toEqual([]);
    await page.getByRole('treeitem').first().click();
    expect(await small()).toEqual([]);
    expect(await accessFindings(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });

  it('has no such buttons with a mouse', async () => {
    page = await openPage(browser, [plan]);
    expect(await tools().isVisible()).toBe(false);
  });
});

describe.skipIf(NO_BROWSER !== undefined)('on paper, the page', () => {
  const browser = suiteBrowser();
  let page: Page;

  afterEach(() => page.close());

  it.each([
    [1600, 'Span'],
    [1600, 'Conversation'],
    [800, 'Timeline'],
    [800, 'Conversation'],
  ])('has the timeline and the conversation at %d pixels, with %s on the screen', async (width, tab) => {
    page = await openPage(browser, [VOICE_SESSION], { width });
    await page.getByRole('tab', { name: tab }).click();
    await page.emulateMedia({ media: 'print', colorScheme: 'light' });
    for (const part of ['.row', '#panel-chat .said']) await page.locator(part).first().waitFor();
    // A page ends between rows and between messages.
    for (const part of ['.row', '#panel-chat .message']) {
      const breakInside = () =>
        page
          .locator(part)
          .first()
          .evaluate((it) => getComputedStyle(it).breakInside);
      // The page may still replace rows that it has found.
      await expect.poll(breakInside, { message: part }).toBe('avoid');
    }
    expect(await page.getByText('Select a span in the timeline.').isVisible()).toBe(false);
  });

  it.each([1600, 800])('has the selected span, too, at %d pixels', async (width) => {
    page = await openPage(browser, [VOICE_SESSION], { width });
    await page.getByRole('treeitem', { name: 'realtime' }).first().click();
    if (width > 1100) await page.getByRole('tab', { name: 'Conversation' }).click();
    await page.emulateMedia({ media: 'print', colorScheme: 'light' });
    // The page moves the panel once it hears of the paper.
    for (const part of ['.row', '#panel-chat .said', '#panel-span .facts'])
      await page.locator(part).first().waitFor();
    for (const hidden of [page.getByRole('banner'), page.getByRole('tablist')])
      expect(await hidden.isVisible()).toBe(false);
    const overflow = await page
      .locator('.details, .waterfall, main')
      .evaluateAll((all) => all.filter((each) => each.scrollHeight > each.clientHeight + 1).length);
    expect(overflow).toBe(0);
    expect((await page.pdf()).length).toBeGreaterThan(1_000);
  });
});
