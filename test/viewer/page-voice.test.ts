import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { NO_BROWSER } from '../support/browser.ts';
import { linesOf, usePage } from './opened-page.ts';
import { VOICE_SESSION } from './spans.ts';

describe.skipIf(NO_BROWSER !== undefined)('a spoken conversation in the page', () => {
  const { open } = usePage();

  /** Where the parts of a lane begin and end, in per cent of the session. */
  const places = (parts: Locator): Promise<string[]> =>
    parts.evaluateAll((all) =>
      all.map((each) => {
        const { left, width } = (each as HTMLElement).style;
        return [left, width].map((size) => Math.round(Number.parseFloat(size))).join(' + ');
      }),
    );

  it('shows who spoke when in the bar of the session, with interruptions where they happened', async () => {
    const page = await open([VOICE_SESSION]);
    const session = page.getByRole('treeitem', { name: 'realtime' }).first();
    expect(await places(session.locator('.speech.user'))).toEqual(['5 + 15', '60 + 10']);
    expect(await places(session.locator('.speech.assistant'))).toEqual(['30 + 25', '75 + 15']);
    expect(await places(session.locator('.cut'))).toEqual(['60 + 0', '90 + 0']);
    const [user, assistant] = await session
      .locator('.speech')
      .evaluateAll((all) => all.slice(0, 2).map((each) => each.getBoundingClientRect()));
    expect(user?.bottom).toBeLessThanOrEqual(assistant?.top ?? 0);
    const titles = await session
      .locator('.track > [title]')
      .evaluateAll((all) => [...new Set(all.map((each) => (each as HTMLElement).title))]);
    expect(titles).toEqual(['user speaks', 'assistant speaks', 'interruption']);
  });

  it('shows when everything was said, and what each modality cost, of the session and of an answer', async () => {
    const page = await open([VOICE_SESSION]);
    const conversation = page.getByRole('tabpanel', { name: 'Conversation' });
    expect((await conversation.locator('.message .said').allInnerTexts()).map(linesOf)).toEqual([
      ['User, after 500 ms, for 1.50 s', 'Is x equal to 1?'],
      ['Assistant, after 3.00 s, for 2.50 s', 'Yes, x is 1.'],
      ['Assistant, after 7.50 s, for 1.50 s', 'You are wel'],
    ]);
    const facts = page.getByRole('tabpanel', { name: 'Span' }).locator('.facts');
    for (const [name, ...costs] of [
      [
        'realtime',
        'Text144 → 29 (64 cached), ≥ $0.00090, 1 call of unknown cost',
        'Audio70 → 80, ≥ $0.0071, 1 call of unknown cost',
      ],
      ['chat gpt-realtime', 'Text110 → 20 (64 cached), $0.00070', 'Audio70 → 75, $0.0071'],
    ] as const) {
      await page.getByRole('treeitem', { name }).first().click();
      for (const cost of costs) expect(await facts.textContent()).toContain(cost);
    }
  });
});
