import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { accessFindings } from '../../test/support/axe.ts';
import { NO_BROWSER } from '../../test/support/browser.ts';
import { usePage } from './opened-page.ts';
import { chat, MATH_TUTOR, messages, type SpanPlan, text, tokens } from './spans.ts';

describe.skipIf(NO_BROWSER !== undefined)('the timeline of the page', () => {
  const { open } = usePage();
  let page: Page;

  const row = (name: string): Locator => page.getByRole('treeitem', { name }).first();
  const labels = (): Promise<string[]> => page.getByRole('treeitem').locator('.label').allTextContents();
  const width = async (part: string): Promise<number> =>
    (await page.locator(part).first().boundingBox())?.width ?? 0;
  const filter = (): Locator => page.getByRole('combobox', { name: 'Filter' });
  const listed = (name: string | RegExp): Locator =>
    page.getByRole('navigation').getByRole('button', { name });
  const ticks = async (): Promise<string> => (await page.locator('.ticks span').allTextContents()).join(' ');
  /** Moves the mouse with its button down. */
  async function drag(from: readonly [number, number], to: readonly [number, number]): Promise<void> {
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move(...to, { steps: 4 });
  }

  it('says in each row what a span did', async () => {
    const toolCalls = [
      { type: 'tool_call', name: 'find' },
      { type: 'tool_call', name: 'book' },
    ];
    const tool = {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.call.arguments': '{"a":1}',
      'gen_ai.tool.call.result': '2',
    };
    const said: readonly (readonly [attributes: SpanPlan['attributes'], shown: readonly string[]])[] = [
      [{ 'gen_ai.output.messages': messages('assistant', text('On its\nway')) }, ['"On its way"']],
      [{ 'gen_ai.output.messages': messages('assistant', ...toolCalls) }, ['find book']],
      // Without an answer, the question.
      [{ 'gen_ai.input.messages': messages('user', text('Where?')) }, ['"Where?"']],
      [{ 'gen_ai.response.finish_reasons': ['length'] }, ['length', '']],
      [{ 'gen_ai.response.status': 'queued' }, ['in progress', '']],
      [{ 'gen_ai.response.finish_reasons': ['stop'] }, ['']],
      [tool, ['{"a":1} → "2"']],
    ];
    // Each in a step of its own, because rows of one kind would be folded.
    const calls = said.map(([attributes], i) => ({
      name: `step ${i}`,
      start: i,
      children: [chat(attributes, { name: `span ${i}`, start: i })],
    }));
    const get = { name: 'GET', attributes: { 'url.full': 'https://api.example.com/v1/files?limit=2' } };
    const post = { name: 'POST /threads/{thread_id}/messages' };
    page = await open([{ name: 'program', children: [...calls, get, post] }]);
    for (const [i, [, shown]] of said.entries())
      expect(await row(`span ${i}`).locator('.preview, .name .badge').allTextContents()).toEqual(shown);
    expect(await labels()).toContain('POST /threads/…/messages');
    expect(await row('GET').locator('.preview').textContent()).toBe('/v1/files?limit=2');
  });

  it('folds siblings of one kind into a row with their sum, which opens', async () => {
    const used = { ...tokens(10, 2), 'openai.cost': 0.01 };
    const calls = Array.from({ length: 19 }, (_, i) => chat(used, { start: i * 10, end: i * 10 + 8 }));
    const failed = chat({}, { start: 200, end: 210, error: true });
    page = await open([
      { name: 'program', end: 300, children: [...calls, failed, { name: 'last', start: 250 }] },
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

  it('has one bar for thousands of siblings, to the end of the last', async () => {
    const calls = Array.from({ length: 2_001 }, (_, i) => chat({}, { start: i, end: i + 1 }));
    page = await open([{ name: 'program', end: 4_002, children: calls }]);
    const bars = row('2,001 × chat').locator('.track > *');
    const places = await bars.evaluateAll((all) => all.map((each) => (each as HTMLElement).style.width));
    expect(places.map(Number.parseFloat)).toEqual([50]);
  });

  it('shows a call that is short beside its trace, also at its end', async () => {
    const start = 7_200_000;
    page = await open([
      { name: 'program', end: start + 100, children: [chat({}, { start, end: start + 100 })] },
    ]);
    const track = row('chat').locator('.track');
    const { x = 0, width = 0, y = 0 } = (await track.locator('.bar').boundingBox()) ?? {};
    const found = await page.evaluate(([x, y]) => document.elementFromPoint(x, y)?.className, [
      x + width / 2,
      y + 5,
    ] as const);
    expect(found).toBe('bar');
    const drawn = await page.locator('.minimap path.model').getAttribute('d');
    expect(Number(/^M(\d+) /.exec(drawn ?? '')?.[1])).toBe(999);
  });

  it('collapses and expands all spans of one trace and filter', async () => {
    const of = (name: string, start: number): SpanPlan => ({
      name,
      start,
      children: [{ name: `${name} step`, start, children: [{ name: `${name} part`, start }] }],
    });
    page = await open([of('first', 0), of('second', 9)]);
    expect(await labels()).toEqual(['second', 'second step', 'second part']);
    await page.keyboard.press('c');
    expect(await labels()).toEqual(['second', 'second step']);
    await filter().fill('part');
    expect(await labels()).toEqual(['second', 'second step', 'second part']);
    await filter().fill('');
    await filter().blur();
    await page.keyboard.press('c');
    expect(await labels()).toEqual(['second', 'second step']);
    await listed(/^first/).click();
    expect(await labels()).toEqual(['first', 'first step', 'first part']);
  });

  it('collapses and expands a row of siblings that have no parent', async () => {
    const children = Array.from({ length: 25 }, (_, i) => chat({}, { start: i, end: i + 1 }));
    page = await open([{ name: 'unfinished', open: true, children }]);
    expect(await labels()).toEqual(['25 × chat']);
    await page.keyboard.press('c');
    expect(await labels()).toHaveLength(26);
    await page.keyboard.press('c');
    expect(await labels()).toEqual(['25 × chat']);
  });

  it('folds siblings only if the rows do not fit on the screen', async () => {
    const children = Array.from({ length: 10 }, (_, i) => chat({}, { start: i, end: i + 1 }));
    page = await open([{ name: 'program', children }]);
    expect(await labels()).toHaveLength(11);
    await page.setViewportSize({ width: 1440, height: 500 });
    await expect.poll(labels).toEqual(['program', '10 × chat']);
  });

  it('has columns for cached tokens and the first token where there is room, and explains the marks', async () => {
    const stream = {
      ...tokens(2_000, 20),
      'gen_ai.usage.cache_read.input_tokens': 1_024,
      'gen_ai.response.time_to_first_chunk': 0.2,
      'openai.stream.time_to_first_token': 0.5,
    };
    page = await open([{ name: 'program', end: 2_000, children: [chat(stream, { end: 1_000 })] }]);
    expect(await page.locator('.ruler .fact').allTextContents()).toEqual([
      ...['Tokens', 'Cached', 'First token', 'Time'],
    ]);
    expect(await row('chat').locator('.fact').allTextContents()).toEqual([
      ...['2,000 → 20', '1,024', '500 ms', '1.00 s'],
    ]);
    expect(
      await row('chat')
        .locator('.first')
        .evaluate((mark) => mark.style.left),
    ).toBe('25%');
    expect(await page.locator('.legend').innerText()).toMatch(/First token\s+Critical path$/);
    const facts = page.getByRole('region', { name: 'Trace' }).locator('dl > div');
    expect(await facts.allInnerTexts()).toEqual(
      expect.arrayContaining(['First token\n500 ms', 'Cached\n1,024']),
    );
    await page.setViewportSize({ width: 1110, height: 900 });
    await expect.poll(() => page.locator('.ruler .fact').allTextContents()).toEqual(['Tokens', 'Time']);
    expect(await accessFindings(page)).toEqual([]);
    page = await open([MATH_TUTOR]);
    expect(await page.locator('.legend').innerText()).not.toContain('First token');
  });

  it('gives at least half of its width to the details', async () => {
    page = await open([MATH_TUTOR]);
    expect(await width('.details')).toBeGreaterThanOrEqual((await width('.panes')) / 2);
  });

  it('draws parts of the critical path as one where their gaps cannot be seen', async () => {
    const children = Array.from({ length: 3_000 }, (_, i) => ({
      name: 'wait',
      start: i * 2,
      end: i * 2 + 1,
    }));
    page = await open([{ name: 'many', end: 6_000, children }]);
    expect(await row('many').locator('.critical').count()).toBe(1);
  });

  it('starts folded if there are many spans', async () => {
    const children = Array.from({ length: 10 }, (_, i) => ({
      name: `document ${i}`,
      start: i * 30,
      end: i * 30 + 30,
      children: Array.from({ length: 30 }, (__, part) => ({ name: `p${part}x`, start: i * 30 + part })),
    }));
    page = await open([{ name: 'archive', end: 300, children }]);
    expect(await labels()).toEqual(['archive', ...children.map(({ name }) => name)]);
    await filter().fill('p7x');
    expect((await labels()).slice(0, 3)).toEqual(['archive', 'document 0', 'p7x']);
  });

  it('gives its room to time: empty columns are hidden, and dividers can be moved', async () => {
    page = await open([{ name: 'program', end: 10, children: [{ name: 'x', end: 5 }] }]);
    expect(await page.locator('.ruler .fact').allTextContents()).toEqual(['Time']);
    expect(await width('.track')).toBeGreaterThan((await width('.waterfall')) / 2);
    page = await open([MATH_TUTOR, { name: 'other', start: -9 }]);
    expect(await page.locator('.ruler .fact').allTextContents()).toEqual(['Tokens', 'Time']);
    for (const [name, part] of [
      ['Width of the names', '.row .name'],
      ['Width of the timeline', '.waterfall'],
      ['Width of the list', 'nav'],
    ] as const) {
      const divider = page.getByRole('separator', { name });
      const before = await width(part);
      const { x = 0, y = 0, width: room = 0 } = (await divider.boundingBox()) ?? {};
      await drag([x + room / 2, y + 5], [x + room / 2 + 40, y + 5]);
      await page.mouse.up();
      expect(await width(part), name).toBeCloseTo(before + 40, 0);
      await divider.focus();
      await page.keyboard.press('ArrowLeft');
      expect(await width(part), name).toBeCloseTo(before + 40 - 24, 0);
    }
    expect(await accessFindings(page)).toEqual([]);
  });

  it('keeps its head and its axis while rows scroll', async () => {
    const children = Array.from({ length: 80 }, (_, i) => ({ name: `span ${i}`, start: i, end: i + 1 }));
    page = await open([{ name: 'program', end: 80, children }]);
    await page.evaluate(() => scrollTo(0, 1_500));
    await row('span 60').waitFor();
    const { y = 0 } = (await page.locator('.ticks').last().boundingBox()) ?? {};
    expect(y).toBeGreaterThan(0);
    expect(y).toBeLessThan(150);
  });

  it('shows the numbers beside the pointer, and of the selected span to all', async () => {
    page = await open([MATH_TUTOR]);
    const track = row('execute_tool').locator('.track');
    await track.hover();
    expect((await track.getAttribute('title'))?.split('\n')).toEqual([
      'Duration: 812 ms',
      'Starts after: 2.34 s',
      'Critical path: the end waited for it',
    ]);
    await row('execute_tool').press('Enter');
    const panel = page.getByRole('region', { name: 'Span' });
    for (const fact of ['812 ms', '2.34 s', 'the end waited for it'])
      expect(await panel.locator('.facts').innerText()).toContain(fact);
  });

  it('marks the critical path: what the end waited for, from the end back', async () => {
    const span = (name: string, start: number, end: number): SpanPlan => ({ name, start, end });
    const children = [span('early', 0, 40), span('aside', 10, 30), span('late', 50, 90)];
    page = await open([{ name: 'program', end: 100, children }]);
    const marks = await page
      .getByRole('treeitem')
      .evaluateAll((all) =>
        all.map((each) =>
          [...each.querySelectorAll<HTMLElement>('.critical')].map(
            ({ style }) => `${style.left} ${style.width}`,
          ),
        ),
      );
    expect(marks).toEqual([['90% 10%', '40% 10%'], ['0% 40%'], [], ['50% 40%']]);
  });

  describe('zooms in time', () => {
    const plan: SpanPlan = {
      name: 'whole',
      end: 1_000,
      children: [
        { name: 'early', end: 250 },
        { name: 'late', start: 500, end: 1_000 },
      ],
    };
    const WHOLE = ['0 + 100', '0 + 25', '50 + 50'];
    const LATE = ['-100 + 200', undefined, '0 + 100'];
    /** Where bars begin and end, in parts of what is shown. */
    const bars = (): Promise<(string | undefined)[]> =>
      page.getByRole('treeitem').evaluateAll((all) =>
        all.map((each) => {
          const { left = '', width = '' } = each.querySelector<HTMLElement>('.bar')?.style ?? {};
          const place = [left, width].map((size) => Math.round(Number.parseFloat(size)));
          return left === '' ? undefined : place.join(' + ');
        }),
      );

    it('by a key to the selected span, and back, and to the row that the keys have reached', async () => {
      page = await open([plan]);
      await row('early').click();
      await page.keyboard.press('z');
      expect(await bars()).toEqual(['0 + 400', '0 + 100', undefined]);
      expect(await ticks()).toBe('0 125 ms 250 ms');
      expect(await page.locator('.zoom-mark').evaluate((it) => (it as HTMLElement).style.width)).toBe('25%');
      expect(await accessFindings(page)).toEqual([]);
      expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('early');
      await page.keyboard.press('z');
      expect(await bars()).toEqual(WHOLE);
      page = await open([plan], { width: 800 });
      await row('whole').focus();
      await page.keyboard.press('End');
      await page.keyboard.press('z');
      expect(await bars()).toEqual(LATE);
    });
  });

  it.each([400, 1280])('is a screen of its own at %d pixels, and so is the list', async (width) => {
    page = await open([MATH_TUTOR, { name: 'other', end: 1 }], { width });
    expect(await page.getByRole('tree').count()).toBe(0);
    expect(await accessFindings(page)).toEqual([]);
    await listed(/^thread/).click();
    await row('invoke_agent').waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);
    expect((await row('chat').boundingBox())?.height).toBeLessThan(width === 400 ? 60 : 32);
    await page.goBack();
    await listed(/^other/).click();
    await row('other').waitFor();
    await page.getByRole('button', { name: 'Traces' }).click();
    await page.getByRole('navigation').waitFor();
  });
});
