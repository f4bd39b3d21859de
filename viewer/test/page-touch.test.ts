import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { NO_BROWSER } from '../../test/support/browser.ts';
import { usePage } from './opened-page.ts';
import { type SpanPlan, VOICE_SESSION } from './spans.ts';

const plan: SpanPlan = {
  name: 'whole',
  end: 1_000,
  children: [
    { name: 'early', end: 250, children: [{ name: 'below', end: 100 }] },
    { name: 'late', start: 500, end: 1_000 },
  ],
};
const WHOLE = '0 500 ms 1.00 s';
const LATE = '500 ms 750 ms 1.00 s';

describe.skipIf(NO_BROWSER !== undefined)('on a screen that is touched, the page', () => {
  const { open } = usePage();
  let page: Page;

  const press = (name: string): Promise<void> => page.getByRole('button', { name }).click();
  const ticks = async (): Promise<string> => (await page.locator('.ticks span').allTextContents()).join(' ');
  const rows = (): Promise<string[]> => page.getByRole('treeitem').locator('.label').allTextContents();

  it('has buttons that zoom to the selected span, and out, and that collapse all spans', async () => {
    page = await open([plan], { touch: true });
    await page.getByRole('treeitem', { name: 'late' }).click();
    await press('Zoom to span');
    expect(await ticks()).toBe(LATE);
    await press('Reset zoom');
    expect(await ticks()).toBe(WHOLE);
    await press('Collapse all');
    expect(await rows()).toEqual(['whole', 'early', 'late']);
    await press('Expand all');
    expect(await rows()).toEqual(['whole', 'early', 'below', 'late']);
  });

  it.each([400, 800])('zooms at %d pixels to the span that was shown last, and out', async (width) => {
    page = await open([plan], { width, touch: true });
    const reset = page.getByRole('button', { name: 'Reset zoom' });
    await press('Zoom to span');
    await reset.waitFor({ state: 'detached' });
    await page.getByRole('treeitem', { name: 'late' }).click();
    await page.getByRole('button', { name: 'Timeline', exact: true }).click();
    await press('Zoom to span');
    expect(await ticks()).toBe(LATE);
    await reset.click();
    expect(await reset.count()).toBe(0);
    expect(await ticks()).toBe(WHOLE);
  });
});

describe.skipIf(NO_BROWSER !== undefined)('on paper, the page', () => {
  const { open } = usePage();

  it.each([
    [1600, 'Span', false],
    [1600, 'Conversation', true],
    [800, 'Timeline', false],
    [800, 'Conversation', false],
    [800, 'Span', true],
  ])(
    'has all its parts at %d pixels, with %s on the screen, a span selected: %s',
    async (width, tab, isSelected) => {
      const page = await open([VOICE_SESSION], { width });
      if (isSelected) await page.getByRole('treeitem', { name: 'realtime' }).first().click();
      await page.getByRole('button', { name: tab, exact: true }).click();
      await page.emulateMedia({ media: 'print', colorScheme: 'light' });
      // The page moves the panel once it hears of the paper.
      const parts = ['.row', '#panel-chat .said', ...(isSelected ? ['#panel-span .facts'] : [])];
      for (const part of parts) await page.locator(part).first().waitFor();
      // A page ends between rows and between messages. The page may still replace rows that it has found.
      for (const part of ['.row', '#panel-chat .message']) {
        const first = page.locator(part).first();
        await expect.poll(() => first.evaluate((it) => getComputedStyle(it).breakInside)).toBe('avoid');
      }
      const hidden = [
        page.getByRole('banner'),
        page.getByRole('tablist'),
        page.getByText('Select a span in the timeline.'),
      ];
      for (const each of hidden) expect(await each.isVisible()).toBe(false);
      const overflow = await page
        .locator('.details, .waterfall, main')
        .evaluateAll((all) => all.filter((each) => each.scrollHeight > each.clientHeight + 1).length);
      expect(overflow).toBe(0);
      expect((await page.pdf()).length).toBeGreaterThan(1_000);
    },
  );
});
