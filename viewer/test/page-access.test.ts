import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { accessFindings } from '../../test/support/axe.ts';
import { NO_BROWSER } from '../../test/support/browser.ts';
import { chooseFirst, usePage } from './opened-page.ts';
import { chat, MATH_TUTOR, messages, type SpanPlan, text, VOICE_SESSION } from './spans.ts';

/** The smallest PNG: one pixel. */
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const FIRST = chat(
  {
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
  { end: 4_000 },
);
/** An answer with all that Markdown can be, a tool, and a call that fails. */
const ANSWERS: SpanPlan = {
  name: 'conversation',
  end: 9_000,
  attributes: { 'gen_ai.conversation.id': 'conv_1' },
  children: [
    FIRST,
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
    chat({ 'error.type': 'rate_limit_exceeded' }, { start: 6_000, end: 9_000, error: true }),
  ],
};

describe.skipIf(NO_BROWSER !== undefined)('the page', () => {
  const { open } = usePage();
  let page: Page;

  /** What can be pressed and is smaller than a finger needs. A link within a text is as high as its line. */
  const smallTargets = (isTouched: boolean): Promise<string[]> =>
    page
      .locator(`button, summary, search label, [role="treeitem"]${isTouched ? ', .toggle' : ''}`)
      .evaluateAll(
        (all, [minHeight, minWidth]) =>
          all
            .filter((each) => each.checkVisibility() && !each.matches('.link'))
            .filter((each) => {
              const { height, width } = each.getBoundingClientRect();
              return height < minHeight || width < minWidth;
            })
            .map((each) => each.outerHTML.slice(0, 100)),
        isTouched ? ([44, 44] as const) : ([24, 0] as const),
      );
  /** What is broader than its place, so that a reader would have to scroll sideways. */
  const broad = (): Promise<string[]> =>
    page
      .locator('html, .inspector, .chat')
      .evaluateAll((all) =>
        all
          .filter((each) => each.scrollWidth > each.clientWidth + 1)
          .map((each) => each.outerHTML.slice(0, 100)),
      );
  /** Durations of what moves. */
  const moving = (): Promise<string[]> =>
    page.locator('*').evaluateAll((all) => {
      const found = all.flatMap((each) => {
        const { transitionDuration, animationDuration, scrollBehavior } = getComputedStyle(each);
        return [transitionDuration, animationDuration, scrollBehavior];
      });
      return found.filter((each) => !['0s', 'auto'].includes(each));
    });

  it.each([
    [1600, { dark: false, touch: false }],
    [800, { dark: true, touch: false }],
    [400, { dark: true, touch: false }],
    [320, { dark: false, touch: false }],
    [1600, { dark: false, touch: true }],
    [800, { dark: false, touch: true }],
    [400, { dark: false, touch: true }],
  ])(
    'has no finding of axe at %d pixels, fits, and can be used with a finger: %j',
    async (width, options) => {
      const long = { ...MATH_TUTOR, name: 'n'.repeat(300) };
      page = await open([ANSWERS, long, VOICE_SESSION], { width, ...options });
      const back = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      expect(back).toBe(options.dark ? 'rgb(16, 18, 22)' : 'rgb(246, 247, 249)');
      expect(await moving()).toEqual([]);
      const look = async (what: string): Promise<void> => {
        // A finger changes sizes alone, and axe takes a while.
        const isSeenByAxe = !options.touch || ['first', 'realtime'].includes(what);
        const findings = isSeenByAxe ? await accessFindings(page) : [];
        expect([findings, await smallTargets(options.touch), await broad()], what).toEqual([[], [], []]);
      };
      const hasTimeline = width > 1100;
      const openTab = (name: string): Promise<void> =>
        page.getByRole('button', { name, exact: true }).click();
      await look('first');
      await chooseFirst(page);
      await look('the trace');
      await openTab('Conversation');
      await look('the conversation');
      if (!hasTimeline) await openTab('Timeline');
      for (const name of ['chat gpt-4o', 'execute_tool find', 'chat gpt-4o rate_limit_exceeded']) {
        await page.getByRole('treeitem', { name }).first().click();
        await look(name);
        if (!hasTimeline) await openTab('Timeline');
      }
      for (const name of ['nnn', 'realtime']) {
        await page.getByRole('combobox', { name: 'Filter' }).fill(name);
        await page.getByRole('treeitem', { name }).first().click();
        await look(name);
        if (!hasTimeline) await openTab('Timeline');
      }
      await openTab('Conversation');
      await look('the spoken conversation');
    },
  );

  it('says what was asked, what came back and what cost most', async () => {
    const cheap = {
      name: 'chat gpt-4o-mini',
      start: 9_000,
      end: 9_500,
      attributes: { 'openai.cost': 0.001 },
    };
    const last = chat(
      {
        'gen_ai.input.messages': messages('user', text('And then?')),
        'gen_ai.output.messages': messages('assistant', text('Nothing more.')),
        'gen_ai.response.finish_reasons': ['length'],
      },
      { start: 9_500, end: 9_900 },
    );
    const interrupted = chat(
      {
        'gen_ai.output.messages': messages('assistant', text('Nothing m')),
        'gen_ai.response.finish_reasons': ['cancelled'],
        'openai.realtime.cancel_reason': 'turn_detected',
      },
      { name: 'chat gpt-realtime', start: 9_500, end: 9_600 },
    );
    page = await open([{ ...ANSWERS, children: [FIRST, cheap, interrupted, last] }]);
    const story = page.getByRole('region', { name: 'Trace' }).locator('.facts');
    expect((await story.locator('div').allInnerTexts()).slice(-3).map((fact) => fact.split('\n'))).toEqual([
      ['Costliest call', 'chat gpt-4o'],
      ['First question', 'What is it?'],
      ['Last answer', 'Nothing more.'],
    ]);
    // An answer that ended otherwise than answers do says so.
    expect(await page.locator('.panel').locator('.foot .badge').allTextContents()).toEqual([
      'interrupted by the user',
      'length',
    ]);
    await story.getByRole('button').click();
    const heading = page.getByRole('region', { name: 'Span' }).getByRole('heading').first();
    expect(await heading.textContent()).toBe('chat gpt-4o');
  });

  it('shows images in the trace, and none to load, none that runs something or was not recorded', async () => {
    const blob = { type: 'blob', modality: 'image', mime_type: 'image/png', content: PIXEL };
    const uri = { type: 'uri', modality: 'image' };
    const parts = [
      blob,
      { ...uri, uri: `data:image/png;base64,${PIXEL}` },
      { ...uri, uri: 'https://example.com/x.png' },
      { ...blob, mime_type: 'image/svg+xml', content: btoa('<svg/>') },
      { ...blob, content: '' },
      { ...blob, content: '" onerror="alert(1)' },
      { ...blob, mime_type: 'image/png" onerror="alert(1)' },
    ];
    page = await open([chat({ 'gen_ai.input.messages': messages('user', text('What is this?'), ...parts) })]);
    await page.getByRole('treeitem').click();
    const images = page.getByRole('region', { name: 'Span' }).locator('img');
    await images.evaluateAll((all) => Promise.all(all.map((each) => (each as HTMLImageElement).decode())));
    expect(await images.count()).toBe(2);
  });
});
