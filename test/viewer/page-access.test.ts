import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { accessFindings } from '../support/axe.ts';
import { type Browser, NO_BROWSER } from '../support/browser.ts';
import { suiteBrowser } from '../support/suite-browser.ts';
import { chooseFirst, openPage } from './opened-page.ts';
import { MATH_TUTOR, messages, type SpanPlan, text } from './spans.ts';

/** The smallest PNG: one pixel. */
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** An answer with all that Markdown can be, a tool, and a call that fails. */
const ANSWERS: SpanPlan = {
  name: 'conversation',
  end: 9_000,
  attributes: { 'gen_ai.conversation.id': 'conv_1' },
  children: [
    {
      name: 'chat gpt-4o',
      end: 4_000,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'gpt-4o',
        'gen_ai.usage.input_tokens': 10,
        'openai.cost': 0.01,
        'gen_ai.response.time_to_first_chunk': 1,
        'gen_ai.input.messages': messages('user', text('What is it?')),
        'gen_ai.output.messages': messages(
          'assistant',
          text(
            '# Title\n**bold** [site](https://example.com) `code`\n\n- one\n\n```js\nlet a = 1;\n```\n\n| a |\n|---|\n| 1 |',
          ),
        ),
      },
    },
    {
      name: 'execute_tool find',
      start: 4_000,
      end: 6_000,
      attributes: {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.call.arguments': '{"a":{"b":[1,2]}}',
        'gen_ai.tool.call.result': '{"found":true}',
      },
    },
    {
      name: 'chat gpt-4o',
      start: 6_000,
      end: 9_000,
      error: true,
      attributes: { 'gen_ai.operation.name': 'chat', 'error.type': 'rate_limit_exceeded' },
    },
  ],
};

describe.skipIf(NO_BROWSER !== undefined)('the page', () => {
  const browser = suiteBrowser();
  let page: Page;
  let offences: string[];

  afterEach(async () => {
    await page.close();
    expect(offences).toEqual([]);
  });

  async function open(
    plans: readonly SpanPlan[],
    options: Parameters<Browser['open']>[0] = {},
  ): Promise<void> {
    offences = [];
    page = await openPage(browser, plans, { ...options, offences: offences });
  }

  const focusedRow = (): Promise<string> =>
    page.evaluate(() => document.activeElement?.querySelector('.label')?.textContent ?? '');

  describe.each([
    [1600, false],
    [800, true],
    [400, true],
  ])('at %d pixels, dark: %s', (width, dark) => {
    it('has no finding of axe, whatever is open', async () => {
      await open([MATH_TUTOR, ANSWERS], { width, dark });
      expect(await accessFindings(page)).toEqual([]);
      await chooseFirst(page);
      expect(await accessFindings(page)).toEqual([]);
      await page.getByRole('tab', { name: 'Conversation' }).click();
      expect(await accessFindings(page)).toEqual([]);
      if (width < 1100) await page.getByRole('tab', { name: 'Timeline' }).click();
      for (const name of ['chat gpt-4o', 'execute_tool find', 'chat gpt-4o rate_limit_exceeded']) {
        await page.getByRole('treeitem', { name }).first().click();
        expect(await accessFindings(page), name).toEqual([]);
        if (width < 1100) await page.getByRole('tab', { name: 'Timeline' }).click();
      }
      await page.keyboard.press('?');
      expect(await accessFindings(page)).toEqual([]);
    });
  });

  it('says what was asked, what came back and what cost most', async () => {
    const [first, ...others] = ANSWERS.children ?? [];
    const cheap = {
      name: 'chat gpt-4o-mini',
      start: 9_000,
      end: 9_500,
      attributes: { 'openai.cost': 0.001 },
    };
    const last = {
      name: 'chat gpt-4o',
      start: 9_500,
      end: 9_900,
      attributes: {
        'gen_ai.input.messages': messages('user', text('And then?')),
        'gen_ai.output.messages': messages('assistant', text('Nothing more.')),
        'gen_ai.operation.name': 'chat',
        'gen_ai.response.finish_reasons': ['length'],
      },
    };
    const interrupted = {
      name: 'chat gpt-realtime',
      start: 9_500,
      end: 9_600,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.output.messages': messages('assistant', text('Nothing m')),
        'gen_ai.response.finish_reasons': ['cancelled'],
        'openai.realtime.cancel_reason': 'turn_detected',
      },
    };
    const children = [...(first === undefined ? [] : [first]), ...others, cheap, interrupted, last];
    await open([{ ...ANSWERS, children }]);
    const story = page.getByRole('region', { name: 'Trace' }).getByRole('table');
    expect((await story.getByRole('row').allInnerTexts()).map((line) => line.split('\t'))).toEqual([
      ['First question', 'What is it?'],
      ['Last answer', 'Nothing more.'],
      ['Costliest call', 'chat gpt-4o $0.010, 91 % of the cost'],
    ]);
    // An answer that ended otherwise than answers do says so.
    expect(await page.getByRole('tabpanel').locator('.foot .badge').allTextContents()).toEqual([
      'interrupted by the user',
      'length',
    ]);
    await story.getByRole('button').click();
    expect(
      await page.getByRole('tabpanel', { name: 'Span' }).getByRole('heading').first().textContent(),
    ).toBe('chat gpt-4o');
  });

  describe('zooms in time', () => {
    /** Where bars begin and end, in parts of what is shown. */
    const bars = (): Promise<(string | undefined)[]> =>
      page.getByRole('treeitem').evaluateAll((rows) =>
        rows.map((row) => {
          const bar = row.querySelector<HTMLElement>('.bar');
          return bar === null
            ? undefined
            : `${Math.round(Number.parseFloat(bar.style.left))} + ${Math.round(Number.parseFloat(bar.style.width))}`;
        }),
      );
    const ticks = (): Promise<string[]> => page.locator('.ticks span').allTextContents();
    const plan: SpanPlan = {
      name: 'whole',
      end: 1_000,
      children: [
        { name: 'early', end: 250 },
        { name: 'late', start: 500, end: 1_000 },
      ],
    };

    it('to what the reader drags across, and back', async () => {
      await open([plan]);
      expect(await bars()).toEqual(['0 + 100', '0 + 25', '50 + 50']);
      const map = await page.locator('.minimap').boundingBox();
      const { x, y, width } = map ?? { x: 0, y: 0, width: 0 };
      await page.mouse.move(x + width / 2, y + 5);
      await page.mouse.down();
      await page.mouse.move(x + width + 50, y + 5, { steps: 4 });
      expect(await page.locator('.zoom-mark').isVisible()).toBe(true);
      await page.mouse.up();
      expect(await bars()).toEqual(['-100 + 200', undefined, '0 + 100']);
      expect(await ticks()).toEqual(['500 ms', '750 ms', '1.00 s']);
      expect(await accessFindings(page)).toEqual([]);
      await page.getByRole('button', { name: 'Reset zoom' }).click();
      expect(await bars()).toEqual(['0 + 100', '0 + 25', '50 + 50']);
      expect(await ticks()).toEqual(['0', '500 ms', '1.00 s']);
    });

    it('to the selected span by a key, and back', async () => {
      await open([plan]);
      await page.getByRole('treeitem', { name: 'early' }).click();
      await page.keyboard.press('z');
      expect(await bars()).toEqual(['0 + 400', '0 + 100', undefined]);
      expect(await focusedRow()).toContain('early');
      await page.keyboard.press('z');
      expect(await bars()).toEqual(['0 + 100', '0 + 25', '50 + 50']);
    });
  });

  describe('shows an image', () => {
    const shown = async (...parts: readonly object[]): Promise<number> => {
      await open([
        {
          name: 'chat',
          attributes: {
            'gen_ai.operation.name': 'chat',
            'gen_ai.input.messages': messages('user', text('What is this?'), ...parts),
          },
        },
      ]);
      await page.getByRole('treeitem').click();
      const images = page.getByRole('tabpanel', { name: 'Span' }).locator('img');
      await images.evaluateAll((all) => Promise.all(all.map((each) => (each as HTMLImageElement).decode())));
      return images.count();
    };
    const blob = { type: 'blob', modality: 'image', mime_type: 'image/png', content: PIXEL };

    it('that is in the trace, as bytes or as a URL of data', async () => {
      expect(
        await shown(blob, { type: 'uri', modality: 'image', uri: `data:image/png;base64,${PIXEL}` }),
      ).toBe(2);
    });

    it('and none that would have to be loaded, could run something, or was not recorded', async () => {
      expect(
        await shown(
          { type: 'uri', modality: 'image', uri: 'https://example.com/x.png' },
          { ...blob, mime_type: 'image/svg+xml', content: btoa('<svg/>') },
          { ...blob, content: '' },
          { ...blob, content: '" onerror="alert(1)' },
          { ...blob, mime_type: 'image/png" onerror="alert(1)' },
        ),
      ).toBe(0);
    });
  });

  it.each([400, 800])('can be used with a finger at %d pixels', async (width) => {
    await open([MATH_TUTOR, ANSWERS], { width });
    const small = (): Promise<string[]> =>
      page.locator('button, input, summary, [role="tab"], [role="treeitem"]').evaluateAll((all) =>
        all
          .filter((each) => each.checkVisibility() && !each.matches('.link, [type="checkbox"]'))
          .filter((each) => each.getBoundingClientRect().height < 24)
          .map((each) => each.outerHTML.slice(0, 100)),
      );
    expect(await small()).toEqual([]);
    await chooseFirst(page);
    expect(await small()).toEqual([]);
    await page.getByRole('treeitem', { name: 'chat' }).first().click();
    expect(await small()).toEqual([]);
    await page.getByRole('tab', { name: 'Timeline' }).click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });

  it('never moves', async () => {
    await open([ANSWERS]);
    const durations = await page.locator('*').evaluateAll((all) =>
      all.flatMap((each) => {
        const { transitionDuration, animationDuration, scrollBehavior } = getComputedStyle(each);
        return [transitionDuration, animationDuration, scrollBehavior];
      }),
    );
    expect(durations.filter((each) => !['0s', 'auto'].includes(each))).toEqual([]);
  });
});
