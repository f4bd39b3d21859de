import type { Locator, Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FinishedSpan } from '../../src/export.ts';
import { type Browser, NO_BROWSER } from '../support/browser.ts';
import { suiteBrowser } from '../support/suite-browser.ts';
import { chooseFirst, openPage, openSpans } from './opened-page.ts';
import { MATH_TUTOR, makeSpans, type SpanPlan } from './spans.ts';

if (NO_BROWSER !== undefined) console.warn(`The page is not tested in a browser: ${NO_BROWSER}`);

const message = (role: string, content: string): object => ({ role, parts: [{ type: 'text', content }] });

/** A chat that fails after a retry, and has content. */
const FAILED: SpanPlan = {
  name: 'answer ticket',
  start: -60_000,
  end: -58_000,
  children: [
    {
      name: 'chat gpt-4o',
      start: -60_000,
      end: -59_000,
      error: true,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'gpt-4o',
        'error.type': 'rate_limit_exceeded',
        'openai.cost': 0.0012,
        'gen_ai.input.messages': JSON.stringify([
          message('system', 'Be kind'),
          message('user', 'Where is it?'),
        ]),
        'gen_ai.output.messages': JSON.stringify([message('assistant', 'On\nits way')]),
      },
      children: [{ name: 'attempt', start: -60_000, end: -59_500, error: true }],
    },
  ],
};

/** The lines of an entry of the conversation, without the button that copies it. */
function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && line !== 'Copy');
}

/** More than a function takes arguments. */
const MANY = 130_000;
/** Traces that a page keeps, the newest. */
const MAX_TRACES = 10_000;

/** A trace of one span, which does not go through the SDK. */
function rawSpan(index: number): FinishedSpan {
  return {
    name: `span ${index}`,
    kind: 0,
    startTime: [1_700_000_000, index],
    endTime: [1_700_000_001, index],
    status: { code: 0 },
    attributes: {},
    spanContext: () => ({ traceId: String(index), spanId: String(index) }),
  };
}

describe.skipIf(NO_BROWSER !== undefined)('the page in Chromium', () => {
  const browser = suiteBrowser();
  let page: Page;
  /** What no page may do: fail, ask, or load something. */
  const offences: string[] = [];

  beforeEach(() => {
    offences.length = 0;
  });
  afterEach(async () => {
    await page.close();
    expect(offences).toEqual([]);
  });

  async function open(
    plans: readonly SpanPlan[],
    options: Parameters<Browser['open']>[0] = {},
  ): Promise<void> {
    page = await openPage(browser, plans, { ...options, offences });
  }

  function allowRequestsTo(link: string): void {
    const [address = ''] = link.split('#');
    const others = offences.filter((offence) => !offence.startsWith(`request ${address}`));
    offences.splice(0, offences.length, ...others);
  }

  const rows = async (): Promise<string[]> =>
    (await page.getByRole('treeitem').locator('.label').allTextContents()).map((text) => text.trim());
  const focused = (): Promise<string> =>
    page.evaluate(() => document.activeElement?.querySelector('.label')?.textContent ?? '');

  describe('shows', () => {
    it('the summary of a trace and its timeline', async () => {
      await open([MATH_TUTOR]);
      const summary = page.getByRole('region', { name: 'Trace' });
      expect(await summary.getByRole('heading').textContent()).toBe('thread');
      const facts = Object.fromEntries(
        (await summary.locator('dl > div').allInnerTexts()).map((text) => text.split('\n')),
      );
      expect(facts).toMatchObject({
        Duration: '14.2 s',
        Tokens: '381 → 88',
        Runs: '1',
        Steps: '2',
        'Model calls': '2',
        'Tool calls': '1',
      });
      expect(await rows()).toEqual([
        'thread',
        'invoke_agent Math Tutor',
        'chat gpt-4o-mini',
        'execute_tool code_interpreter',
        'chat gpt-4o-mini',
      ]);
      const boxes = await page
        .locator('.bar')
        .evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().left));
      expect(boxes).toEqual([...boxes].sort((a, b) => a - b));
      // One trace needs no list of traces.
      expect(await page.getByRole('navigation').count()).toBe(0);
    });

    it('how a run ended that neither completed nor failed', async () => {
      const run = { 'gen_ai.operation.name': 'invoke_agent', 'openai.run.id': 'run_1' };
      await open([
        { name: 'completed', attributes: { ...run, 'openai.run.status': 'completed' } },
        { name: 'stopped', start: -1, attributes: { ...run, 'openai.run.status': 'cancelled' } },
      ]);
      const badges = page.getByRole('navigation').locator('.badge');
      expect((await badges.allInnerTexts()).toSorted()).toEqual(['cancelled', 'ok']);
    });

    it('traces with errors first, and their failed spans', async () => {
      await open([MATH_TUTOR, FAILED]);
      const traces = page.getByRole('navigation').locator('li > :first-child');
      expect((await traces.allInnerTexts()).map((text) => text.split('\n')[0])).toEqual([
        'answer ticket',
        'thread',
      ]);
      await page
        .getByRole('list', { name: 'Errors' })
        .getByRole('button', { name: 'rate_limit_exceeded' })
        .click();
      expect(await page.getByRole('treeitem', { selected: true }).textContent()).toContain('chat gpt-4o');
      expect(await page.getByRole('tabpanel', { name: 'Span' }).textContent()).toContain(
        'rate_limit_exceeded',
      );
    });

    it('the conversation, with the cost of each answer', async () => {
      await open([FAILED]);
      const items = page.getByRole('tabpanel', { name: 'Conversation' }).getByRole('listitem');
      const texts = (await items.allInnerTexts()).map(linesOf);
      expect(texts).toEqual([
        ['Instructions'],
        ['User', 'Where is it?'],
        ['Assistant', 'On', 'its way', 'chat gpt-4o', '1.00 s', '✗ rate_limit_exceeded', '$0.0012'],
      ]);
    });

    it('a cut message as cut, and a failed call as no answer', async () => {
      const attributes = { 'gen_ai.operation.name': 'chat' };
      const long = (role: string): string => JSON.stringify([message(role, 'x'.repeat(200_000))]);
      const asked = { ...attributes, 'gen_ai.input.messages': long('user') };
      await open([
        {
          name: 'program',
          children: [
            {
              name: 'chat a',
              start: 1,
              attributes: { ...asked, 'gen_ai.output.messages': long('assistant') },
            },
            { name: 'chat b', start: 2, attributes, error: true },
          ],
        },
      ]);
      const conversation = page.getByRole('tabpanel', { name: 'Conversation' });
      const texts = await conversation.getByRole('listitem').allInnerTexts();
      expect(texts.map(linesOf)).toEqual([
        ['User', 'cut for this page: see the span'],
        ['Assistant', 'cut for this page: see the span', 'chat a', '0 ms'],
        ['Assistant', 'no answer', 'chat b', '0 ms', '✗ error'],
      ]);
      expect(await conversation.textContent()).not.toContain('not recorded');
      await page.getByRole('treeitem', { name: 'chat a' }).click();
      const cut = page.getByRole('tabpanel', { name: 'Span' }).locator('.said');
      expect(await cut.count()).toBe(2);
      for (const text of await cut.allInnerTexts()) expect(text).toMatch(/"content":"x+/);
    });

    it('the models that answered without content, with a note', async () => {
      await open([MATH_TUTOR]);
      const conversation = page.getByRole('tabpanel', { name: 'Conversation' });
      expect(await conversation.textContent()).toContain(
        'Message content was not recorded. To see it here, set the variable OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT, or the option captureMessageContent, to SPAN_ONLY.',
      );
      expect(await conversation.getByRole('listitem').allInnerTexts()).toHaveLength(5);
      await page.setViewportSize({ width: 1110, height: 900 });
      const note = conversation.locator('.note');
      expect(await note.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
    });

    it('a message for an empty page', async () => {
      page = await openSpans(browser, makeSpans(MATH_TUTOR), { maxSize: 1, offences });
      const text = await page.locator('body').textContent();
      expect(text).toContain('There are no spans.');
      expect(text).toContain('5 spans did not fit and were left out');
    });
  });

  describe('the filter', () => {
    it.each([
      ['RUN_def456 execute', ['thread', 'invoke_agent Math Tutor', 'execute_tool code_interpreter']],
      ['no match', []],
    ])('%s', async (words, expected) => {
      await open([MATH_TUTOR, FAILED]);
      await page.getByRole('combobox', { name: 'Filter' }).fill(words);
      expect(await rows()).toEqual(expected);
    });

    it('keeps the axis of the whole trace, and marks what it hides', async () => {
      await open([MATH_TUTOR]);
      const tool = page.getByRole('treeitem', { name: 'code_interpreter' });
      const width = (): Promise<number> =>
        tool
          .locator('.bar')
          .evaluate((bar) => bar.getBoundingClientRect().width / (bar.parentElement?.clientWidth ?? 1));
      expect(await width()).toBeCloseTo(812 / 14_200, 2);
      await page.getByRole('combobox', { name: 'Filter' }).fill('code_interpreter');
      expect(await width()).toBeCloseTo(812 / 14_200, 2);
      expect(await page.locator('.ticks span').allTextContents()).toEqual(['0', '7.10 s', '14.2 s']);
      const run = page.getByRole('treeitem', { name: 'invoke_agent' });
      expect(await run.locator('.badge').textContent()).toBe('2 hidden');
      expect(await tool.locator('.badge').count()).toBe(0);
    });

    it('finds all errors, including those beyond the list', async () => {
      const children = Array.from({ length: 20 }, (_, i) => ({ name: `call ${i}`, error: i % 2 === 0 }));
      await open([{ name: 'many', children }]);
      await page.getByRole('button', { name: 'and 4 more' }).click();
      expect(await page.getByRole('checkbox', { name: 'Errors only' }).isChecked()).toBe(true);
      expect(await rows()).toHaveLength(11);
    });

    it('finds failed spans and shows their number', async () => {
      await open([MATH_TUTOR, FAILED]);
      await page.getByRole('checkbox', { name: 'Errors only' }).check();
      expect(await rows()).toEqual(['answer ticket', 'chat gpt-4o', 'attempt']);
      expect(await page.getByRole('status').textContent()).toBe('2 spans in 1 trace');
    });

    it('that hides the open trace for a while leaves the reader in it', async () => {
      await open([MATH_TUTOR, FAILED], { width: 800 });
      await page.getByRole('button', { name: 'List' }).click();
      await page
        .getByRole('navigation')
        .getByRole('button', { name: /^thread/ })
        .click();
      await page.getByRole('treeitem', { name: 'code_interpreter' }).click();
      await page.getByRole('tab', { name: 'Timeline' }).click();
      await page.keyboard.press('/');
      await page.keyboard.type('ticket');
      expect(await rows()).toContain('answer ticket');
      for (const _ of 'ticket') await page.keyboard.press('Backspace');
      expect(await rows()).toContain('execute_tool code_interpreter');
      expect(
        await page.getByRole('combobox', { name: 'Filter' }).evaluate((it) => it.matches(':focus')),
      ).toBe(true);
      expect(await page.getByRole('tab', { selected: true }).textContent()).toBe('Timeline');
    });

    it('finds spans by an id that is clicked', async () => {
      await open([MATH_TUTOR]);
      await page.getByRole('treeitem').last().click();
      await page.getByRole('tabpanel', { name: 'Span' }).getByRole('button', { name: 'step_2' }).click();
      expect(await page.getByRole('combobox', { name: 'Filter' }).inputValue()).toBe('step_2');
      expect(await rows()).toEqual(['thread', 'invoke_agent Math Tutor', 'chat gpt-4o-mini']);
    });
  });

  it('a click expands or collapses a span without selecting it', async () => {
    await open([MATH_TUTOR]);
    const run = page.getByRole('treeitem', { name: 'invoke_agent' });
    await run.locator('.toggle').click();
    expect(await rows()).toEqual(['thread', 'invoke_agent Math Tutor']);
    await run.locator('.toggle').click();
    expect(await rows()).toHaveLength(5);
    expect(await page.getByRole('treeitem', { selected: true }).count()).toBe(0);
    expect(await page.getByRole('tab', { selected: true }).textContent()).toBe('Conversation');
  });

  describe('without room beside the timeline', () => {
    const tab = (): Promise<string | null> => page.getByRole('tab', { selected: true }).textContent();

    it.each([400, 800])(
      'a press on a span shows it at once on %d pixels, and going back shows the timeline where it was',
      async (width) => {
        const children = Array.from({ length: 80 }, (_, i) => ({ name: `span ${i}`, start: i, end: i + 1 }));
        await open([{ name: 'program', end: 80, children }], { width });
        const before = page.url();
        const span = page.getByRole('treeitem', { name: 'span 70' });
        for (const back of [() => page.goBack(), () => page.getByRole('tab', { name: 'Timeline' }).click()]) {
          await page.evaluate(() => scrollTo(0, 1e6));
          await span.click();
          const heading = page.getByRole('heading', { name: 'span 70' });
          await heading.waitFor();
          expect(await tab()).toBe('Span');
          expect((await heading.boundingBox())?.y).toBeLessThan(400);
          expect(page.url()).not.toBe(before);
          await back();
          await heading.waitFor({ state: 'hidden' });
          expect(await tab()).toBe('Timeline');
          await expect.poll(async () => (await span.boundingBox())?.y).toBeGreaterThan(0);
          expect((await span.boundingBox())?.y).toBeLessThan(900);
        }
        await page.goBack();
        await page.getByRole('treeitem', { selected: true }).waitFor({ state: 'detached' });
        await expect.poll(() => page.url()).not.toContain('span=');
      },
    );

    it('the timeline, the conversation and the span are tabs', async () => {
      await open([MATH_TUTOR], { width: 800 });
      expect(await tab()).toBe('Timeline');
      await page.getByRole('tab', { name: 'Conversation' }).click();
      expect(await page.getByRole('tree').isVisible()).toBe(false);
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.getByRole('tree').waitFor();
      expect(await page.getByRole('tab').allTextContents()).toEqual(['Conversation', 'Span']);
    });
  });

  it('a link leads to a span of a trace', async () => {
    await open([MATH_TUTOR, FAILED]);
    await page
      .getByRole('navigation')
      .getByRole('button', { name: /^thread/ })
      .click();
    await page.getByRole('treeitem', { name: 'code_interpreter' }).click();
    const link = page.url();
    expect(link).toMatch(/#trace=\w+&span=\w+$/);
    await page.goto('about:blank');
    offences.length = 0;
    await page.goto(link);
    expect(await page.getByRole('treeitem', { selected: true }).textContent()).toContain('code_interpreter');
    expect(await page.title()).toBe('thread · OpenAI traces');
    allowRequestsTo(link);
  });

  it.each(['trace', 'conversation'])('a link to a %s that is not there says so', async (kind) => {
    await open([MATH_TUTOR, FAILED]);
    const row = await page.getByRole('treeitem').first().getAttribute('id');
    const link = `${page.url()}#${kind}=gone&span=${row?.replace('span-', '')}`;
    await page.goto('about:blank');
    offences.length = 0;
    await page.goto(link);
    const missing = page.getByText(`The ${kind} that the address names is not here`);
    await missing.waitFor();
    expect(await page.getByRole('treeitem').count()).toBeGreaterThan(0);
    // A span of another trace with the same id is another span.
    expect(await page.getByRole('treeitem', { selected: true }).count()).toBe(0);
    await page.getByRole('navigation').getByRole('listitem').getByRole('button').first().click();
    expect(await missing.isVisible()).toBe(false);
    allowRequestsTo(link);
  });

  describe('a bar', () => {
    const widthOf = (name: string): Promise<number> =>
      page
        .getByRole('treeitem', { name })
        .locator('.bar')
        .evaluate((bar) => bar.getBoundingClientRect().width);

    it.each([1440, 800, 400])('is never shorter than one below it, on %d pixels', async (width) => {
      await open(
        [
          {
            name: 'outer',
            end: 100,
            attributes: { 'gen_ai.usage.input_tokens': 1_000_000, 'gen_ai.usage.output_tokens': 1_000_000 },
            children: [{ name: 'inner', start: 1, end: 99 }],
          },
        ],
        { width },
      );
      expect((await widthOf('inner')) / (await widthOf('outer'))).toBeCloseTo(0.98, 1);
      const covered = await page.locator('.row').evaluateAll(
        (rows) =>
          rows.filter((row) => {
            const bar = row.querySelector('.bar')?.getBoundingClientRect();
            const time = row.querySelector('.time')?.getBoundingClientRect();
            return (
              bar &&
              time &&
              bar.right > time.left &&
              bar.left < time.right &&
              bar.bottom > time.top &&
              bar.top < time.bottom
            );
          }).length,
      );
      expect(covered).toBe(0);
    });

    /** What a bar is made of: each part, its color, and its place on the axis. */
    const partsOf = (name: string): Promise<string[]> =>
      page
        .getByRole('treeitem', { name })
        .locator('.track > *')
        .evaluateAll((all) =>
          all.map((each) => {
            const { style } = each as HTMLElement;
            const place = [style.left, style.width].map((text) => Math.round(Number.parseFloat(text)));
            const color = style.getPropertyValue('--type');
            return [each.className, ...(color === '' ? [] : [color]), ...place].join(' ');
          }),
        );
    const tool = { 'gen_ai.operation.name': 'execute_tool' };

    it('shows which children worked when, each in the color of its kind, and the first chunk', async () => {
      const chat = { 'gen_ai.operation.name': 'chat' };
      const first = { ...chat, 'gen_ai.response.time_to_first_chunk': 0.005 };
      await open([
        {
          name: 'run',
          end: 100,
          children: [
            { name: 'chat a', start: 10, end: 40, attributes: first },
            { name: 'chat b', start: 20, end: 40, attributes: chat, error: true },
            { name: 'tool', start: 40, end: 70, attributes: tool },
            { name: 'request', start: 80, end: 90 },
          ],
        },
      ]);
      expect((await partsOf('run')).filter((part) => !part.startsWith('critical'))).toEqual([
        'bar pale 0 100',
        'part var(--model) 10 30',
        'part var(--bad) 20 20',
        'part var(--tool) 40 30',
      ]);
      expect((await partsOf('chat a')).slice(0, 2)).toEqual(['bar 10 30', 'first var(--card) 15 0']);
      expect(await page.locator('.first').first().getAttribute('title')).toBe('first chunk');
    });

    it('is full if a turn has the tokens of its model, which has no span', async () => {
      const turn = { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.usage.output_tokens': 5 };
      const child = { name: 'tool', start: 40, end: 70, attributes: tool };
      await open([{ name: 'turn', end: 100, attributes: turn, children: [child] }]);
      expect((await partsOf('turn')).slice(0, 2)).toEqual(['bar 0 100', 'part var(--tool) 40 30']);
    });
  });

  describe('the span of a model call', () => {
    const answer = (content: string): SpanPlan => ({
      name: 'chat gpt-4o',
      end: 2000,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.response.model': 'gpt-4o-2024',
        'gen_ai.usage.input_tokens': 1200,
        'gen_ai.usage.output_tokens': 34,
        'gen_ai.usage.cache_read.input_tokens': 1000,
        'gen_ai.usage.reasoning.output_tokens': 20,
        'gen_ai.response.time_to_first_chunk': 0.25,
        'gen_ai.response.finish_reasons': ['stop'],
        'openai.cost': 0.02,
        'gen_ai.input.messages': JSON.stringify([message('user', 'First'), message('user', 'Second')]),
        'gen_ai.output.messages': JSON.stringify([message('assistant', content)]),
      },
    });
    const openAnswer = async (content: string): Promise<void> => {
      await open([answer(content)]);
      await page.getByRole('treeitem').click();
    };
    const panel = (): ReturnType<Page['locator']> => page.getByRole('tabpanel', { name: 'Span' });

    it('reads like an answer: facts, then messages, then attributes, folded', async () => {
      await openAnswer('Fine');
      const facts = (await panel().locator('.facts > div').allInnerTexts()).map((text) => text.split('\n'));
      expect(facts).toEqual([
        ['Model', 'gpt-4o-2024'],
        ['Tokens', '1,200 → 34'],
        ['Cached', '1,000'],
        ['Reasoning', '20'],
        ['Cost', '$0.020'],
        ['Duration', '2.00 s'],
        ['First chunk', '250 ms'],
        ['Finish', 'stop'],
      ]);
      const visible = await panel().innerText();
      expect(visible).toMatch(
        /1 earlier message.*User\s+Second.*Assistant\s+Fine.*Everything recorded \(11 attributes\)$/s,
      );
      expect(visible).not.toContain('gen_ai.response.model');
      await page.getByText('Everything recorded').click();
      const names = await panel().getByRole('table', { name: 'Attributes' }).getByRole('rowheader');
      expect(await names.allTextContents()).toContain('gen_ai.usage.reasoning.output_tokens');
    });

    it('has the instructions before the history, however long that is', async () => {
      const plan = answer('Fine');
      const asked = Array.from({ length: 60 }, (_, i) => message('user', `Question ${i}`));
      const attributes = {
        ...plan.attributes,
        'gen_ai.system_instructions': JSON.stringify([{ type: 'text', content: 'Be brief.' }]),
        'gen_ai.input.messages': JSON.stringify(asked),
      };
      await open([{ ...plan, attributes }]);
      await page.getByRole('treeitem').click();
      expect(await panel().innerText()).toMatch(/Instructions\s+59 earlier messages\s+User\s+Question 59/);
      await panel().getByText('Instructions', { exact: true }).click();
      await panel().locator('.md', { hasText: 'Be brief.' }).waitFor();
    });

    it('scrolls a table with many columns, and shows text that is nested deeper than 50 levels', async () => {
      const line = (cell: string): string => `|${cell.repeat(30)}`;
      await openAnswer([line(' name |'), line('---|'), line(' value |')].join('\n'));
      await page.setViewportSize({ width: 400, height: 800 });
      const heading = panel().getByRole('columnheader').first();
      expect(await heading.getAttribute('scope')).toBe('col');
      expect((await heading.boundingBox())?.width).toBeGreaterThan(40);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
      await openAnswer(`${'*a '.repeat(4899)}*b${'*'.repeat(4900)}`);
      expect(await panel().locator('.md em').count()).toBe(50);
      expect(await panel().locator('.md').last().textContent()).toBe(`${'a '.repeat(4899)}b`);
    });

    it('shows Markdown, code and tables', async () => {
      await openAnswer(
        '# Title\n**bold** *soft* `code` [site](https://example.com/x)\n\n- one\n- two\n\n1. first\n\n> quoted\n\n```js\nconst a = 1; // one\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |',
      );
      const md = panel().locator('.md').last();
      expect(await md.locator('strong').textContent()).toBe('bold');
      expect(await md.locator('em').textContent()).toBe('soft');
      expect(await md.locator('ul li').allTextContents()).toEqual(['one', 'two']);
      expect(await md.locator('ol li').allTextContents()).toEqual(['first']);
      expect(await md.locator('blockquote').textContent()).toBe('quoted');
      expect(await md.locator('pre').textContent()).toBe('const a = 1; // one');
      expect(await md.locator('td').allTextContents()).toEqual(['1', '2']);
      const link = md.getByRole('link', { name: 'site' });
      expect(await link.getAttribute('rel')).toContain('noreferrer');
      expect(await link.getAttribute('target')).toBe('_blank');
    });

    it('keeps the numbers of a list within which there are others', async () => {
      await openAnswer('1. one\n   - a\n   - b\n2. two\n\nThen:\n\n9. nine\n10. ten\n    - c');
      const items = panel().locator('.md').last().locator('li');
      const shown = await items.evaluateAll((all) =>
        all.map((each) => [
          getComputedStyle(each).listStyleType,
          (each as HTMLLIElement).value,
          each.firstChild?.textContent,
        ]),
      );
      expect(
        shown.map(([style, value, text]) => (style === 'decimal' ? `${value}. ${text}` : `- ${text}`)),
      ).toEqual(['1. one', '- a', '- b', '2. two', '9. nine', '10. ten', '- c']);
      // A mark in front of its text, within what the answer shows.
      const room = await items.nth(5).evaluate((it) => {
        const range = document.createRange();
        range.selectNodeContents(it);
        const answer = it.closest('.text') ?? it;
        return range.getBoundingClientRect().left - answer.getBoundingClientRect().left;
      });
      expect(room).toBeGreaterThan(30);
      // In the conversation, messages are further apart than the items of a list.
      const list = page.locator('.chat ol ol').first();
      expect(await list.evaluate((it) => getComputedStyle(it).rowGap)).toBe('normal');
    });

    it.each([
      ['see https://example.com/docs.', 'https://example.com/docs'],
      ['(https://example.com/a_(b)), or', 'https://example.com/a_(b)'],
      ['[site](https://example.com/a_(b)).', 'https://example.com/a_(b)'],
      ['really, https://example.com/?a=1&b=2?!', 'https://example.com/?a=1&b=2'],
    ])('links to the address in %j', async (text, address) => {
      await openAnswer(text);
      expect(await panel().locator('.md').last().getByRole('link').getAttribute('href')).toBe(address);
    });

    it('loads nothing and runs nothing, whatever Markdown it has', async () => {
      // What has been asked for is counted after each test.
      await openAnswer(
        [
          '![x](http://evil.example/x.png)',
          '[a](javascript:alert(1)) [b](data:text/html,x) [c](file:///etc/passwd) [d](//evil.example)',
          '<img src=http://evil.example/x onerror=alert(1)><script>alert(1)</script>',
          '<iframe src=http://evil.example></iframe>[e](https://evil.example/"onmouseover="alert(1))',
          '```html\n<script>alert(1)</script>\n```',
          '| <img src=x> | b |\n|---|---|\n| <svg onload=alert(1)> | [f](JaVaScRiPt:alert(1)) |',
        ].join('\n\n'),
      );
      expect(
        await page.locator('img, svg:not(.minimap > svg), iframe, script, style:not(head style)').count(),
      ).toBe(0);
      const targets = await page
        .locator('a')
        .evaluateAll((all) => all.map((each) => each.getAttribute('href')));
      expect(targets.filter((target) => !/^https?:\/\//.test(target ?? ''))).toEqual([]);
      const handlers = await page
        .locator('a')
        .evaluateAll((all) =>
          all.flatMap((each) => each.getAttributeNames().filter((name) => name.startsWith('on'))),
        );
      expect(handlers).toEqual([]);
    });

    it.each([
      '[',
      '`',
      '*',
      '**',
      '|',
      '- ',
      '> ',
      '#',
      '![',
      '](',
      '"',
      "'",
      '/*',
      '|-',
      '\\\\',
      'https://(.',
      '[a]((',
    ])('is not slowed down by thousands of %j', async (mark) => {
      await openAnswer(mark.repeat(19_000 / mark.length));
      expect(await panel().locator('.facts').count()).toBe(1);
      await openAnswer(`\`\`\`\n${mark.repeat(18_000 / mark.length)}`);
      expect(await panel().locator('.facts').count()).toBe(1);
    });
  });

  it.each([
    ['a line below the heads of a table', `| a |\n${' '.repeat(19_900)}x`],
    ['an item', `- ${' '.repeat(19_900)}a\u2028x`],
    ['a heading', `# ${' '.repeat(19_900)}a\u2028x`],
  ])('%s is read in linear time', async (_, text) => {
    // In quadratic time, the answers take minutes.
    const attributes = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.output.messages': JSON.stringify(Array.from({ length: 4 }, () => message('assistant', text))),
    };
    const children = Array.from({ length: 50 }, (_, i) => ({
      name: `chat ${i}`,
      start: i,
      end: i + 1,
      attributes,
    }));
    await open([{ name: 'all', start: 0, end: 100, children }]);
    await page.getByRole('treeitem', { name: 'all' }).waitFor();
    await page.locator('.chat .md').first().waitFor();
  });

  describe('works without a mouse', () => {
    it('by the keys of a tree view', async () => {
      await open([MATH_TUTOR]);
      await page.getByRole('treeitem').first().focus();
      const press = async (...keys: string[]): Promise<string> => {
        for (const key of keys) await page.keyboard.press(key);
        return focused();
      };
      expect(await press('ArrowDown', 'ArrowDown')).toBe('chat gpt-4o-mini');
      expect(await press('ArrowLeft')).toBe('invoke_agent Math Tutor');
      expect(await press('ArrowLeft')).toBe('invoke_agent Math Tutor');
      expect(await rows()).toHaveLength(2);
      expect(await press('ArrowRight')).toBe('invoke_agent Math Tutor');
      expect(await press('ArrowRight', 'ArrowDown')).toBe('execute_tool code_interpreter');
      expect(await press('End')).toBe('chat gpt-4o-mini');
      expect(await press('Home')).toBe('thread');
      await press('Enter');
      expect(await page.getByRole('tab', { selected: true }).textContent()).toBe('Span');
      expect(await page.getByRole('tabpanel', { name: 'Span' }).getByRole('heading').textContent()).toBe(
        'thread',
      );
    });

    it('with one tab stop for the tree and one for the tabs, in page order', async () => {
      await open([FAILED]);
      const stops: string[] = [];
      for (let i = 0; i < 9; i++) {
        await page.keyboard.press('Tab');
        stops.push(
          await page.evaluate(
            () => document.activeElement?.getAttribute('role') ?? document.activeElement?.tagName ?? '',
          ),
        );
      }
      expect(stops).toEqual([
        ...['INPUT', 'INPUT', 'BUTTON', 'BUTTON'],
        // What can be dragged can be moved by keys.
        ...['separator', 'treeitem', 'separator', 'tab', 'tabpanel'],
      ]);
      await page.getByRole('tab', { selected: true }).focus();
      await page.keyboard.press('ArrowRight');
      expect(await page.getByRole('tab', { selected: true }).textContent()).toBe('Span');
    });

    it('by keys of its own, which are listed', async () => {
      await open([MATH_TUTOR, FAILED]);
      await page.keyboard.press('c');
      expect(await rows()).toEqual(['answer ticket', 'chat gpt-4o']);
      await page.keyboard.press('c');
      expect(await rows()).toHaveLength(3);
      await page.keyboard.press('n');
      expect(await page.getByRole('treeitem', { selected: true }).textContent()).toContain(
        'rate_limit_exceeded',
      );
      await page.keyboard.press('/');
      await page.keyboard.type('where is');
      expect(await page.getByRole('status').textContent()).toBe('1 span in 1 trace');
      await page.keyboard.press('Tab');
      await page.keyboard.press('?');
      expect(await page.getByRole('dialog', { name: 'Keys' }).innerText()).toContain('next error');
      await page.keyboard.press('Escape');
      expect(await page.getByRole('dialog').count()).toBe(0);
    });

    it('by the names and roles that a screen reader announces', async () => {
      await open([MATH_TUTOR, FAILED]);
      expect(await page.getByRole('navigation').ariaSnapshot()).toContain(
        'button "answer ticket Where is it? 1 error 23:59:00 · 2.00 s · $0.0012 · 3 spans',
      );
      expect(await page.getByRole('tree').ariaSnapshot()).toBe(
        [
          '- tree "Spans, in order of time":',
          '  - treeitem "answer ticket $0.0012 2.00 s" [expanded] [level=1]',
          '  - treeitem "chat gpt-4o rate_limit_exceeded \\"On its way\\" $0.0012 1.00 s" [expanded] [level=2]',
          '  - treeitem "attempt error 500 ms" [level=3]',
        ].join('\n'),
      );
      for (const role of ['banner', 'search', 'navigation', 'main', 'tablist'] as const)
        expect(await page.getByRole(role).count(), role).toBe(1);
      const nameless = await page
        .locator('button, input, [role=tab]')
        .evaluateAll((all) => all.filter((each) => !each.textContent && !each.closest('label')).length);
      expect(nameless).toBe(0);
    });
  });

  describe('is readable', () => {
    // axe looks at the contrast of both themes.
    it.each([true, false])('dark (%s) as the system setting', async (dark) => {
      await open([FAILED, MATH_TUTOR], { dark });
      const back = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      expect(back).toBe(dark ? 'rgb(16, 18, 22)' : 'rgb(246, 247, 249)');
    });

    it.each([320, 768, 1440])('on %d pixels, without scrolling sideways', async (width) => {
      await open([FAILED, { ...MATH_TUTOR, name: 'n'.repeat(300) }], { width });
      await chooseFirst(page);
      const back = page.getByRole('tab', { name: 'Timeline' });
      for (const row of await page.getByRole('treeitem').all()) {
        await row.click();
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        if (width < 1000) await back.click();
      }
    });
  });

  describe('treats untrusted data as text', () => {
    const HOSTILE = [
      '</script><script>alert(1)</script>',
      '<img src=x onerror=alert(1)>',
      '"><svg onload=alert(1)>',
      "javascript:alert(1)//'",
      '#{alert(1)}{{constructor.constructor("alert(1)")()}}',
      '<!--<script>',
      '\u0000\u001b[2J\u202egnirts\u2066\ud800\u2028',
      '<style>*{display:none}</style>',
      '__proto__',
    ];
    const everywhere = (text: string): SpanPlan => ({
      name: text,
      error: true,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'error.type': text,
        'openai.thread.id': text,
        'openai.run.id': text,
        'gen_ai.request.model': text,
        'deployment.environment.name': text,
        'openai.trace.project': text,
        [text]: text,
        'gen_ai.system_instructions': JSON.stringify([{ type: text, content: text }]),
        'gen_ai.input.messages': JSON.stringify([
          { role: text, parts: [{ type: 'text', content: text }, { type: text }] },
        ]),
        'gen_ai.output.messages': JSON.stringify([
          { role: 'assistant', parts: [{ type: 'tool_call', id: text, name: text, arguments: text }] },
        ]),
      },
      children: [
        { name: text, attributes: { 'gen_ai.operation.name': 'invoke_agent', 'openai.run.status': text } },
      ],
    });

    it('in every place of the page', async () => {
      await open(HOSTILE.map(everywhere));
      expect(await page.getByRole('navigation').getByRole('listitem').count()).toBe(HOSTILE.length);
      for (const trace of await page.getByRole('navigation').locator('li > :first-child').all()) {
        await trace.click();
        for (const row of await page.getByRole('treeitem').all()) await row.click();
        for (const tab of await page.getByRole('tab').all()) await tab.click();
      }
      // Nothing in the page but what the page makes: its one style, and its data and script are gone by now.
      expect(await page.locator('img, svg:not(.minimap > svg), iframe, object, link, a').count()).toBe(0);
      expect(await page.locator('style').count()).toBe(1);
      expect(await page.locator('script').count()).toBe(0);
      const text = await page.locator('body').textContent();
      expect(text).not.toMatch(/[\u202e\u2066]/);
      await page
        .getByRole('navigation')
        .getByRole('button', { name: /^<img src/ })
        .click();
      expect(await page.getByRole('region', { name: 'Trace' }).getByRole('heading').textContent()).toBe(
        '<img src=x onerror=alert(1)>',
      );
    });

    it('and its policy would not run it as markup', async () => {
      await open([FAILED]);
      await page.evaluate(() => {
        const script = document.createElement('script');
        script.textContent = 'alert(1)';
        document.body.append(script);
        document.body.insertAdjacentHTML(
          'beforeend',
          '<img src="https://example.com/x.png" onerror="alert(1)">',
        );
      });
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));
      // The browser says of each that it was blocked, and of the image first that it was asked for.
      expect(
        offences.map((offence) =>
          offence.replace(/^(request|Executing inline \w+|Loading the \w+).*/s, '$1'),
        ),
      ).toEqual(['Executing inline script', 'Executing inline event', 'Loading the image', 'request']);
      offences.length = 0;
    });

    it('of any length, depth or number', async () => {
      const long = 'word '.repeat(1e6);
      const parts = JSON.stringify([message('user', long.slice(0, 99_000))]);
      let deep: SpanPlan = { name: 'deepest' };
      for (let i = 0; i < 300; i++) deep = { name: `level ${i}`, children: [deep] };
      const many = Array.from({ length: 2500 }, (_, i) => ({ name: `span ${i}`, start: i, end: i + 5 }));
      await open([
        {
          name: long,
          end: 2600,
          attributes: {
            'gen_ai.operation.name': 'chat',
            'gen_ai.input.messages': parts,
            huge: long,
          },
          children: [deep, ...many],
        },
      ]);
      // Only what can be seen is rendered.
      expect(await page.getByRole('treeitem').count()).toBeLessThan(100);
      await page.getByRole('treeitem').first().focus();
      await page.keyboard.press('End');
      expect(await focused()).toBe('span 2499');
      expect(await page.getByRole('treeitem').count()).toBeLessThan(100);
      await page.getByRole('button', { name: /^Show all 99,000 characters/ }).click();
      expect(await page.locator('.chat .text').first().textContent()).toHaveLength(99_000);
    });

    it('with many traces', async () => {
      const spans = Array.from({ length: MANY }, (_, i) => rawSpan(i));
      page = await openSpans(browser, spans, { offences });
      const nav = page.getByRole('navigation');
      expect(await nav.getByRole('listitem').count()).toBeLessThan(100);
      const listed = (index: number): Locator =>
        nav.getByRole('button', { name: new RegExp(`^span ${index} `) });
      expect(await listed(MANY - 51).count()).toBe(0);
      await nav.getByRole('button', { name: 'Show more (9,950)' }).click();
      await listed(MANY - 51).waitFor();
      expect(await rows()).toEqual([`span ${MANY - 1}`]);
      await page.getByRole('combobox', { name: 'Filter' }).fill(`span ${MANY - MAX_TRACES}`);
      await listed(MANY - MAX_TRACES).waitFor();
      await page.getByRole('combobox', { name: 'Filter' }).fill(`span ${MANY - MAX_TRACES - 1}`);
      expect(await rows()).toEqual([]);
      expect(await page.locator('header').textContent()).toContain('120,000 spans did not fit');
    });
  });
});
