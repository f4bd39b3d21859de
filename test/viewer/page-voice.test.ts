import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { accessFindings } from '../support/axe.ts';
import { NO_BROWSER } from '../support/browser.ts';
import { suiteBrowser } from '../support/suite-browser.ts';
import { openPage } from './opened-page.ts';
import { VOICE_SESSION } from './spans.ts';

describe.skipIf(NO_BROWSER !== undefined)('a spoken conversation in the page', () => {
  const browser = suiteBrowser();
  let page: Page;

  afterEach(() => page.close());

  const session = () => page.getByRole('treeitem', { name: 'realtime' }).first();
  /** Where the parts of a lane begin and end, in per cent of the session. */
  const places = (parts: string): Promise<string[]> =>
    session()
      .locator(parts)
      .evaluateAll((all) =>
        all.map((each) => {
          const { left, width } = (each as HTMLElement).style;
          return [left, width].map((text) => Math.round(Number.parseFloat(text))).join(' + ');
        }),
      );

  it('shows who spoke when in the bar of the session, with interruptions where they happened', async () => {
    page = await openPage(browser, [VOICE_SESSION]);
    expect(await places('.speech.user')).toEqual(['5 + 15', '60 + 10']);
    expect(await places('.speech.assistant')).toEqual(['30 + 25', '75 + 15']);
    expect(await places('.cut')).toEqual(['60 + 0', '90 + 0']);
    const [user, assistant] = await session()
      .locator('.speech')
      .evaluateAll((all) => all.slice(0, 2).map((each) => each.getBoundingClientRect()));
    expect(user?.bottom).toBeLessThanOrEqual(assistant?.top ?? 0);
    const titles = await session()
      .locator('.track > [title]')
      .evaluateAll((all) => [...new Set(all.map((each) => (each as HTMLElement).title))]);
    expect(titles).toEqual(['user speaks', 'assistant speaks', 'interruption']);
  });

  it('shows in the details of the session and of its answers what each modality cost', async () => {
    page = await openPage(browser, [VOICE_SESSION]);
    await session().click();
    const facts = page.getByRole('tabpanel', { name: 'Span' }).locator('.facts');
    for (const shown of [
      'Text144 → 29 (64 cached), ≥ $0.00090, 1 call of unknown cost',
      'Audio70 → 80, ≥ $0.0071, 1 call of unknown cost',
    ])
      expect(await facts.textContent()).toContain(shown);
    await page.getByRole('treeitem', { name: 'chat gpt-realtime' }).first().click();
    for (const shown of ['Text110 → 20 (64 cached), $0.00070', 'Audio70 → 75, $0.0071'])
      expect(await facts.textContent()).toContain(shown);
  });

  it('shows in the conversation when everything was said', async () => {
    page = await openPage(browser, [VOICE_SESSION]);
    const panel = page.getByRole('tabpanel', { name: 'Conversation' });
    const lines = (await panel.locator('.message .said').allInnerTexts()).map((text) =>
      text.split('\n').filter((line) => line !== '' && line !== 'Copy'),
    );
    expect(lines).toEqual([
      ['User, after 500 ms, for 1.50 s', 'Is x equal to 1?'],
      ['Assistant, after 3.00 s, for 2.50 s', 'Yes, x is 1.'],
      ['Assistant, after 7.50 s, for 1.50 s', 'You are wel'],
    ]);
  });

  it.each([
    [1600, false],
    [800, true],
    [400, true],
  ])('has no finding of axe and fits at %d pixels, dark: %s', async (width, dark) => {
    page = await openPage(browser, [VOICE_SESSION], { width, dark });
    expect(await accessFindings(page)).toEqual([]);
    await page.getByRole('tab', { name: 'Conversation' }).click();
    expect(await accessFindings(page)).toEqual([]);
    if (width < 1100) await page.getByRole('tab', { name: 'Timeline' }).click();
    await session().click();
    expect(await accessFindings(page)).toEqual([]);
    const overflow = await page
      .locator('html, .inspector, .chat')
      .evaluateAll((all) => all.filter((each) => each.scrollWidth > each.clientWidth + 1).length);
    expect(overflow).toBe(0);
  });
});
