import type { Locator, Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { accessFindings } from '../support/axe.ts';
import { NO_BROWSER } from '../support/browser.ts';
import { suiteBrowser } from '../support/suite-browser.ts';
import { openPage } from './opened-page.ts';
import { MATH_TUTOR, messages, type SpanPlan, text } from './spans.ts';

function chat(start: number, end: number, attributes: SpanPlan['attributes'] = {}): SpanPlan {
  return { name: 'chat gpt-4o', start, end, attributes: { 'gen_ai.operation.name': 'chat', ...attributes } };
}

describe.skipIf(NO_BROWSER !== undefined)('the timeline of the page', () => {
  const browser = suiteBrowser();
  let page: Page;

  afterEach(() => page.close());

  const row = (name: string): Locator => page.getByRole('treeitem', { name }).first();
  const labels = (): Promise<string[]> => page.getByRole('treeitem').locator('.label').allTextContents();
  const width = async (part: string): Promise<number> =>
    (await page.locator(part).first().boundingBox())?.width ?? 0;

  describe('says in each row what a span did', () => {
    it.each<[string, SpanPlan['attributes'], string]>([
      [
        'the answer',
        { 'gen_ai.output.messages': messages('assistant', text('On its\nway')) },
        '"On its way"',
      ],
      [
        'the tools that were asked for',
        {
          'gen_ai.output.messages': messages(
            'assistant',
            { type: 'tool_call', name: 'find' },
            { type: 'tool_call', name: 'book' },
          ),
        },
        'find book',
      ],
      [
        'the end of the question, without an answer',
        { 'gen_ai.input.messages': messages('user', text(`${'x'.repeat(300)} and where?`)) },
        `…${'x'.repeat(188)} and where?"`,
      ],
      ['how an answer ended otherwise', { 'gen_ai.response.finish_reasons': ['length'] }, 'length'],
      [
        'that a background response is in progress',
        { 'gen_ai.operation.name': 'chat', 'gen_ai.response.status': 'queued' },
        'in progress',
      ],
      ['nothing where it ended as answers do', { 'gen_ai.response.finish_reasons': ['stop'] }, ''],
      [
        'what a tool got and gave',
        {
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.call.arguments': '{"a":1}',
          'gen_ai.tool.call.result': '2',
        },
        '{"a":1} → "2"',
      ],
    ])('%s', async (_, attributes, expected) => {
      page = await openPage(browser, [{ name: 'program', children: [chat(0, 1, attributes)] }]);
      expect(await row('chat').locator('.preview, .name .badge').allTextContents()).toEqual(
        /^(?:length|in progress)$/.test(expected) ? [expected, ''] : [expected],
      );
    });

    it('the path of a request', async () => {
      const children = [
        { name: 'POST /threads/{thread_id}/messages' },
        { name: 'GET', attributes: { 'url.full': 'https://api.example.com/v1/files?limit=2' } },
      ];
      page = await openPage(browser, [{ name: 'program', children }]);
      expect(await labels()).toEqual(['program', 'POST /threads/…/messages', 'GET']);
      expect(await row('GET').locator('.preview').textContent()).toBe('/v1/files?limit=2');
    });
  });

  it('folds siblings of one kind into a row with their sum, which opens', async () => {
    const used = { 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 2, 'openai.cost': 0.01 };
    const calls = Array.from({ length: 19 }, (_, i) => chat(i * 10, i * 10 + 8, used));
    page = await openPage(browser, [
      {
        name: 'program',
        end: 300,
        children: [...calls, { ...chat(200, 210), error: true }, { name: 'last', start: 250 }],
      },
    ]);
    expect(await labels()).toEqual(['program', '20 × chat', 'last']);
    const group = row('20 × chat');
    expect(await group.locator('.fact').allTextContents()).toEqual(['190 → 38', '$0.19', '210 ms']);
    expect(await group.locator('.failure').textContent()).toBe('1 error');
    // The sum of the parent, which has no total of its own.
    expect(await row('program').locator('.fact').allTextContents()).toEqual([
      'Σ 190 → 38',
      '$0.19',
      '300 ms',
    ]);
    await group.focus();
    await page.keyboard.press('ArrowRight');
    expect(await labels()).toHaveLength(23);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('treeitem', { selected: true }).getAttribute('aria-level')).toBe('3');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    expect(await labels()).toEqual(['program', '20 × chat', 'last']);
    // A span within is shown when it is looked for.
    await page.keyboard.press('n');
    expect(await page.getByRole('treeitem', { selected: true }).textContent()).toContain('error');
  });

  it('collapses and expands all spans of one trace and filter', async () => {
    const of = (name: string, start: number): SpanPlan => ({
      name,
      start,
      children: [{ name: `${name} step`, start, children: [{ name: `${name} part`, start }] }],
    });
    page = await openPage(browser, [of('first', 0), of('second', 9)]);
    expect(await labels()).toEqual(['second', 'second step', 'second part']);
    await page.keyboard.press('c');
    expect(await labels()).toEqual(['second', 'second step']);
    await page.getByRole('combobox', { name: 'Filter' }).fill('part');
    expect(await labels()).toEqual(['second', 'second step', 'second part']);
    await page.getByRole('combobox', { name: 'Filter' }).fill('');
    await page.getByRole('checkbox').focus();
    await page.keyboard.press('c');
    expect(await labels()).toEqual(['second', 'second step']);
    await page
      .getByRole('navigation')
      .getByRole('button', { name: /^first/ })
      .click();
    expect(await labels()).toEqual(['first', 'first step', 'first part']);
  });

  it('collapses and expands a row of siblings that have no parent', async () => {
    const calls = Array.from({ length: 5 }, (_, i) => chat(i, i + 1));
    page = await openPage(browser, [{ name: 'unfinished', open: true, children: calls }]);
    expect(await labels()).toEqual(['5 × chat']);
    await page.keyboard.press('c');
    expect(await labels()).toHaveLength(6);
    await page.keyboard.press('c');
    expect(await labels()).toEqual(['5 × chat']);
  });

  it('starts folded if there are many spans', async () => {
    const parts = (at: number): SpanPlan[] =>
      Array.from({ length: 30 }, (_, i) => ({ name: `p${i}x`, start: at + i, end: at + i + 1 }));
    const children = Array.from({ length: 10 }, (_, i) => ({
      name: `document ${i}`,
      start: i * 30,
      end: i * 30 + 30,
      children: parts(i * 30),
    }));
    page = await openPage(browser, [{ name: 'archive', end: 300, children }]);
    expect(await labels()).toEqual(['archive', ...children.map(({ name }) => name)]);
    await page.getByRole('combobox', { name: 'Filter' }).fill('p7x');
    expect((await labels()).slice(0, 3)).toEqual(['archive', 'document 0', 'p7x']);
  });

  it('gives its room to time: empty columns are hidden, and dividers can be moved', async () => {
    page = await openPage(browser, [{ name: 'program', end: 10, children: [{ name: 'x', end: 5 }] }]);
    expect(await page.locator('.ruler .fact').allTextContents()).toEqual(['Time']);
    expect(await width('.track')).toBeGreaterThan((await width('.waterfall')) / 2);
    await page.close();
    page = await openPage(browser, [MATH_TUTOR, { name: 'other', start: -9 }]);
    expect(await page.locator('.ruler .fact').allTextContents()).toEqual(['Tokens', 'Time']);
    const parts = [
      ['Width of the names', '.row .name', 1],
      ['Width of the details', '.details', -1],
      ['Width of the list', 'nav', 1],
    ] as const;
    for (const [name, part, direction] of parts) {
      const divider = page.getByRole('separator', { name });
      const before = await width(part);
      const { x = 0, y = 0, width: room = 0 } = (await divider.boundingBox()) ?? {};
      await page.mouse.move(x + room / 2, y + 5);
      await page.mouse.down();
      await page.mouse.move(x + room / 2 + 40 * direction, y + 5, { steps: 3 });
      await page.mouse.up();
      expect(await width(part), name).toBeCloseTo(before + 40, 0);
      await divider.focus();
      await page.keyboard.press('ArrowLeft');
      expect(await width(part), name).toBeCloseTo(before + 40 - 24 * direction, 0);
    }
    expect(await accessFindings(page)).toEqual([]);
  });

  it('keeps its head and its axis while rows scroll', async () => {
    const children = Array.from({ length: 80 }, (_, i) => ({ name: `span ${i}`, start: i, end: i + 1 }));
    page = await openPage(browser, [{ name: 'program', end: 80, children }]);
    await page.evaluate(() => scrollTo(0, 1_500));
    await row('span 60').waitFor();
    const { y = 0 } = (await page.locator('.ticks').last().boundingBox()) ?? {};
    expect(y).toBeGreaterThan(0);
    expect(y).toBeLessThan(150);
  });

  it('shows the numbers beside the pointer, and of the selected span to all', async () => {
    page = await openPage(browser, [MATH_TUTOR]);
    expect((await row('execute_tool').locator('.track').getAttribute('title'))?.split('\n')).toEqual([
      'Starts after: 2.34 s',
      'Duration: 812 ms',
      'Critical path: the end waited for it',
    ]);
    await row('execute_tool').press('Enter');
    const panel = page.getByRole('tabpanel', { name: 'Span' });
    await panel.getByText('Everything recorded').press('Enter');
    for (const name of ['Starts after 2.34 s', 'On the critical path yes'])
      await panel.getByRole('row', { name }).waitFor();
    expect(await panel.locator('.facts').innerText()).toContain('812 ms');
  });

  it('marks the critical path: what the end waited for, from the end back', async () => {
    const span = (name: string, start: number, end: number): SpanPlan => ({ name, start, end });
    page = await openPage(browser, [
      {
        name: 'program',
        end: 100,
        children: [span('early', 0, 40), span('aside', 10, 30), span('late', 50, 90)],
      },
    ]);
    const marks = async (name: string): Promise<string[]> =>
      row(name)
        .locator('.critical')
        .evaluateAll((all) =>
          all.map((each) => `${(each as HTMLElement).style.left} ${(each as HTMLElement).style.width}`),
        );
    expect(await marks('program')).toEqual(['90% 10%', '40% 10%']);
    expect(await marks('early')).toEqual(['0% 40%']);
    expect(await marks('aside')).toEqual([]);
    expect(await marks('late')).toEqual(['50% 40%']);
  });

  it('has a map of all spans, across which the time is chosen', async () => {
    const children = Array.from({ length: 20 }, (_, i) => ({
      name: `span ${i}`,
      start: i * 5,
      end: i * 5 + 5,
    }));
    page = await openPage(browser, [{ name: 'program', end: 100, children }]);
    const { x = 0, y = 0, width: room = 0 } = (await page.locator('.minimap').boundingBox()) ?? {};
    await page.mouse.move(x + room / 4, y + 20);
    await page.mouse.down();
    await page.mouse.move(x + room / 2, y + 20, { steps: 4 });
    await page.mouse.up();
    const ticks = async (): Promise<number[]> =>
      (await page.locator('.ruler .ticks span').allTextContents()).map((tick) =>
        Math.round(Number.parseFloat(tick)),
      );
    expect(await ticks()).toEqual([25, 38, 50]);
    // The map has the chosen time, so that a part of that can be chosen.
    await page.mouse.move(x, y + 20);
    await page.mouse.down();
    await page.mouse.move(x + room * 0.4, y + 20, { steps: 4 });
    expect(await ticks()).toEqual([25, 38, 50]);
    await page.mouse.up();
    expect(await ticks()).toEqual([25, 30, 35]);
    expect(await page.locator('.zoom-mark').count()).toBe(0);
    await page.mouse.click(x + room / 2, y + 20);
    expect(await ticks()).toEqual([0, 50, 100]);
  });

  it('has rows of one line and room for time, with the list folded', async () => {
    page = await openPage(browser, [MATH_TUTOR, { name: 'other', start: -9 }], { width: 1280 });
    expect(await page.getByRole('navigation').count()).toBe(0);
    expect((await row('chat').boundingBox())?.height).toBeLessThan(32);
    await page.getByRole('button', { name: 'List' }).click();
    await page.getByRole('navigation').waitFor();
    expect(await accessFindings(page)).toEqual([]);
  });

  it('is a screen of its own if the window is small, and so is the list', async () => {
    page = await openPage(browser, [MATH_TUTOR, { name: 'other', end: 1 }], { width: 400 });
    expect(await page.getByRole('tree').count()).toBe(0);
    await page
      .getByRole('navigation')
      .getByRole('button', { name: /^thread/ })
      .click();
    await row('invoke_agent').waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);
    await page.goBack();
    await page.getByRole('navigation').waitFor();
    await page
      .getByRole('navigation')
      .getByRole('button', { name: /^other/ })
      .click();
    await row('other').waitFor();
    await page.getByRole('button', { name: 'Traces' }).click();
    await page.getByRole('navigation').waitFor();
  });
});
