import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { accessFindings } from '../../test/support/axe.ts';
import { NO_BROWSER } from '../../test/support/browser.ts';
import { cellsOf, usePage } from './opened-page.ts';
import { chat, messages, type SpanPlan, text, tokens } from './spans.ts';

/** A trace of a call and a tool, each of which takes half of its time. */
function trace(
  name: string,
  start: number,
  more: Partial<SpanPlan> & { readonly cost?: number; readonly time?: number } = {},
): SpanPlan {
  const { cost = 0.01, time = 100, ...rest } = more;
  const call = {
    'gen_ai.request.model': 'gpt-4o',
    ...tokens(100, 10),
    'openai.cost': cost,
    'gen_ai.input.messages': messages('user', text(`Ask of ${name}`)),
  };
  const tool = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'find' };
  const [half, end] = [start + time / 2, start + time];
  const children = [
    chat(call, { start, end: half }),
    { name: 'execute_tool find', start: half, end, attributes: tool },
  ];
  return { name, start, end, children, ...rest };
}

const TRACES: readonly SpanPlan[] = [
  trace('first', 0, { cost: 0.03 }),
  trace('second', 1_000, { time: 400 }),
  trace('third', 2_000, { error: true, attributes: { 'error.type': 'timeout', 'user.id': 'user_7' } }),
];

describe.skipIf(NO_BROWSER !== undefined)('the list of the page', () => {
  const { open } = usePage();
  let page: Page;

  const nav = (): Locator => page.getByRole('navigation');
  const titles = (): Promise<string[]> => nav().locator('li strong').allTextContents();
  const filter = (): Locator => page.getByRole('combobox', { name: 'Filter' });
  const title = (): Promise<string | null> =>
    page.getByRole('region', { name: 'Trace' }).getByRole('heading').textContent();
  /** The rows of a table, without its head. */
  const rowsIn = async (table: Locator): Promise<string[][]> =>
    (await cellsOf(table.getByRole('row'))).slice(1);
  async function reopen(address: string): Promise<void> {
    await page.goto('about:blank');
    await page.goto(address);
  }

  it('has two lines for each trace, and is sorted as the address says', async () => {
    page = await open(TRACES);
    const entry = nav().getByRole('listitem').first();
    expect((await entry.innerText()).split('\n').filter(Boolean)).toEqual([
      'third',
      'Ask of third',
      '01-01 00:00',
      '100 ms',
      '$0.010',
      '110',
      '1',
    ]);
    // The numbers are in columns.
    const edges = (place: number): Promise<number[]> =>
      nav()
        .locator(`.columns > :nth-child(${place})`)
        .evaluateAll((cells) => cells.map((cell) => Math.round(cell.getBoundingClientRect().right)));
    for (const place of [2, 3, 4, 5]) expect(new Set(await edges(place)).size, `${place}`).toBe(1);
    expect((await nav().boundingBox())?.width).toBeGreaterThanOrEqual(320);
    expect((await entry.boundingBox())?.height).toBeLessThan(55);
    expect(await titles()).toEqual(['third', 'second', 'first']);
    for (const [order, expected] of [
      ['Longest', ['second', 'third', 'first']],
      ['Costliest', ['first', 'third', 'second']],
      ['Newest', ['third', 'second', 'first']],
    ] as const) {
      await page.getByRole('combobox', { name: 'Order' }).selectOption(order);
      expect(await titles(), order).toEqual(expected);
    }
    await page.goBack();
    expect(await titles()).toEqual(['first', 'third', 'second']);
    await page.reload();
    expect(await titles()).toEqual(['first', 'third', 'second']);
  });

  it('has the date of a trace of another day than today, and the whole time for the pointer', async () => {
    const today = Date.now() - Date.parse('2026-01-01');
    page = await open([trace('today', today), trace('before', -3_600_000)]);
    const facts = nav().locator('li .columns > :first-child');
    expect(await facts.allInnerTexts()).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d$/), '12-31 23:00']);
    expect(await facts.last().getAttribute('title')).toBe('2025-12-31 23:00:00 UTC');
  });

  it('is filtered by terms that are suggested, and goes back', async () => {
    page = await open(TRACES);
    const suggested = (): Promise<string[]> =>
      page
        .locator('datalist option')
        .evaluateAll((all) => all.map((each) => (each as HTMLOptionElement).value));
    expect(await suggested()).toEqual(['model:gpt-4o', 'tool:find', 'user:user_7', 'error:timeout']);
    await filter().pressSequentially('tool:find user:');
    expect(await suggested()).toContain('tool:find user:user_7');
    await filter().pressSequentially('user_7');
    expect(await titles()).toEqual(['third']);
    expect(page.url()).toContain('filter=tool%3Afind+user%3Auser_7');
    const address = page.url();
    await page.goBack();
    expect(await titles()).toHaveLength(3);
    expect(await filter().inputValue()).toBe('');
    await reopen(address);
    expect(await titles()).toEqual(['third']);
  });

  it('shows where the words were found in what was said', async () => {
    const answer = {
      'gen_ai.output.messages': messages('assistant', text('Your "refund"\n  is on its way.')),
    };
    page = await open([...TRACES, { name: 'last', children: [chat(answer)] }]);
    await filter().fill('"refund\\" is"');
    expect(await titles()).toEqual(['last']);
    expect(await nav().locator('.excerpt').allInnerTexts()).toEqual(['Your "refund" is on its way.']);
    await filter().fill('content');
    expect(await titles()).toEqual([]);
  });

  it('marks what was found', async () => {
    page = await open(TRACES);
    const marked = (): Promise<(string | undefined)[]> =>
      page.evaluate(() =>
        [...(CSS.highlights.get('found') ?? [])].map(({ startContainer, startOffset, endOffset }) =>
          startContainer.textContent?.slice(startOffset, endOffset).toLowerCase(),
        ),
      );
    await filter().fill('ask of SECOND');
    await expect.poll(async () => new Set(await marked())).toEqual(new Set(['ask', 'of', 'second']));
    await filter().fill('');
    await expect.poll(marked).toEqual([]);
  });

  it('unfolds texts that contain what was found, and shows it in the row', async () => {
    const call = {
      'gen_ai.system_instructions': JSON.stringify([text('Be kind.')]),
      'gen_ai.input.messages': messages('user', text(`${'Hello '.repeat(10_000)}goodbye`)),
    };
    page = await open([{ name: 'program', children: [chat(call)] }]);
    const instructions = page.getByRole('region', { name: 'Conversation' }).getByText('Be kind.');
    expect(await instructions.isVisible()).toBe(false);
    await filter().fill('kind');
    await instructions.waitFor();
    expect(await page.getByRole('treeitem').last().locator('.preview').innerText()).toBe('Be kind.');
    await filter().fill('goodbye');
    await page.getByRole('region', { name: 'Conversation' }).getByText('goodbye').waitFor();
  });

  it('lists calls instead of traces, the most expensive or the slowest first', async () => {
    page = await open(TRACES);
    await page.getByRole('combobox', { name: 'Order' }).selectOption('Most expensive call');
    const entries = nav().getByRole('listitem');
    expect(await titles()).toEqual(['chat gpt-4o', 'chat gpt-4o', 'chat gpt-4o']);
    expect(await entries.first().locator('.columns > *').allInnerTexts()).toEqual([
      '01-01 00:00',
      '50 ms',
      '$0.030',
      '110',
      '',
    ]);
    await entries.first().getByRole('button').click();
    expect(await title()).toBe('first');
    expect(await page.getByRole('treeitem', { selected: true }).textContent()).toContain('chat gpt-4o');
    expect(await nav().locator('[aria-current]').count()).toBe(1);
    await page.getByRole('combobox', { name: 'Order' }).selectOption('Slowest call');
    await filter().fill('tool:find');
    expect(await titles()).toEqual(['execute_tool find', 'execute_tool find', 'execute_tool find']);
    expect(await nav().locator('.prompt').first().innerText()).toBe('Ask of second');
    expect(await accessFindings(page)).toEqual([]);
  });

  it('has totals of what is listed, grouped and sorted as the reader chooses', async () => {
    page = await open(TRACES);
    await page.getByRole('button', { name: 'Totals $0.050' }).click();
    const totals = page.getByRole('region', { name: 'Totals' });
    const rows = async (): Promise<string[][]> => (await rowsIn(totals)).map((cells) => cells.slice(0, 7));
    const groupBy = (label: string): Promise<unknown> =>
      totals.getByRole('combobox', { name: 'Totals by' }).selectOption(label);
    expect(await rows()).toEqual([['gpt-4o', '3', '0', '300 → 30', '$0.050', '50 ms', '200 ms']]);
    expect((await totals.locator('dl > div').allInnerTexts()).map((fact) => fact.split('\n'))).toEqual([
      ['Traces', '3'],
      ['Cost', '$0.050'],
      ['Tokens', '300 → 30'],
      ['Errors', '1'],
    ]);
    // The sums stand above the table.
    const [sums, table] = await Promise.all(
      ['dl', 'table'].map((part) => totals.locator(part).boundingBox()),
    );
    expect(sums?.y).toBeLessThan(table?.y ?? 0);
    const bars = await totals
      .locator('.amounts .bar')
      .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().width));
    expect((bars[1] ?? 0) / (bars[0] ?? 1)).toBeCloseTo(3, 1);
    await groupBy('By tool');
    expect((await rows()).map((cells) => cells.slice(0, 5))).toEqual([['find', '3', '0', '50 ms', '200 ms']]);
    await groupBy('By user');
    expect((await rows()).map((cells) => cells.slice(0, 3))).toEqual([
      ['no user', '4', '0'],
      ['user_7', '2', '0'],
    ]);
    await totals.getByRole('button', { name: 'Cost' }).click();
    expect(await totals.locator('[aria-sort=descending]').innerText()).toContain('Cost');
    expect(page.url()).toContain('column=Cost');
    expect(await accessFindings(page)).toEqual([]);
    await filter().fill('second');
    await expect.poll(async () => (await rows()).length).toBe(1);
    await filter().fill('');
    await totals.getByRole('button', { name: 'user_7' }).click();
    expect(await filter().inputValue()).toBe('user="user_7"');
    expect(await titles()).toEqual(['third']);
    await page.goBack();
    await totals.waitFor();
    expect(await titles()).toHaveLength(3);
  });

  it('has the same cost on the button as in the totals, although some calls have no price', async () => {
    const unpriced = { name: 'last', children: [chat({ 'gen_ai.request.model': 'own', ...tokens(5, 5) })] };
    page = await open([...TRACES, unpriced]);
    await page.getByRole('button', { name: 'Totals ≥ $0.050' }).click();
    expect(await page.getByRole('region', { name: 'Totals' }).locator('dl').innerText()).toContain(
      '≥ $0.050',
    );
  });

  it('compares a trace with the open one', async () => {
    const before = trace('program', 0);
    const [call] = before.children ?? [];
    const failed = { ...call?.attributes, 'error.type': 'timeout' };
    const children =
      call === undefined ? [] : [{ ...call, start: 9_000, end: 9_100, error: true, attributes: failed }];
    page = await open([before, trace('program', 9_000, { children }), trace('other', -5_000)]);
    await nav()
      .getByRole('button', { name: /^program/ })
      .last()
      .click();
    await page.getByRole('button', { name: 'Compare with…' }).click();
    await nav().getByText('Choose what to compare with the open one.').waitFor();
    await nav()
      .getByRole('button', { name: /^program/ })
      .first()
      .click();
    const comparison = page.getByRole('region', { name: 'Comparison' });
    const usage = '100 → 10 tokens\n$0.010';
    expect(await rowsIn(comparison)).toEqual([
      ['Question', 'Ask of program', 'Ask of program'],
      ['Fact', expect.stringContaining('program'), expect.stringContaining('program'), '±'],
      ['Model', 'gpt-4o', 'gpt-4o', ''],
      ['Duration', '100 ms', '100 ms', ''],
      ['Tokens', '100 → 10 tokens', '100 → 10 tokens', ''],
      ['Cost', '$0.010', '$0.010', ''],
      ['Model calls', '1', '1', ''],
      ['Tool calls', '1', '', ''],
      ['Errors', '0', '1', ''],
      ['Steps'],
      ['program', '100 ms', '100 ms', ''],
      ['chat gpt-4o', `50 ms\n${usage}`, `100 ms\n✗ timeout\n${usage}`, '+100 % time'],
      ['execute_tool find', '50 ms', '–', ''],
    ]);
    expect(await comparison.locator('mark').allInnerTexts()).toEqual(['Tool calls', 'Errors']);
    // The line above the steps goes through all columns.
    const bordered = await comparison
      .getByRole('row', { name: 'Steps' })
      .evaluate((row) => [row, ...row.children].map((each) => getComputedStyle(each).borderTopWidth));
    expect(bordered).toEqual(['1px', '0px']);
    expect(await accessFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 400, height: 900 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
    expect(await accessFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 1440, height: 900 });
    const address = page.url();
    await comparison.getByRole('button', { name: 'program' }).first().click();
    expect(await title()).toBe('program');
    await reopen(address);
    await comparison.waitFor();
  });

  it('compares two versions of a prompt and another model, and each step leads to its span', async () => {
    const version = (start: number, model: string, instructions: string, answer: string): SpanPlan => {
      const asked = {
        'gen_ai.prompt.name': 'weather',
        'gen_ai.prompt.version': `v${start + 1}`,
        'gen_ai.system_instructions': JSON.stringify([text(instructions)]),
        'gen_ai.input.messages': messages('user', text('How is the weather?')),
        'gen_ai.output.messages': messages('assistant', text(answer)),
      };
      const call = chat({ ...asked, ...tokens(100 + start * 20, 0) }, { name: `chat ${model}`, start });
      return { name: 'answer', start, end: start + 100, children: [call] };
    };
    page = await open([
      version(0, 'gpt-4o', 'You are a kind helper.', 'It is sunny'),
      version(1, 'gpt-4o-mini', 'You are a strict helper.', 'It is sunny.'),
    ]);
    await nav().getByRole('listitem').last().getByRole('button').click();
    const comparison = page.getByRole('region', { name: 'Comparison' });
    const choosing = nav().getByText('Choose what to compare');
    const start = (): Promise<void> => page.getByRole('button', { name: 'Compare with…' }).click();
    const compare = async (): Promise<void> => {
      await start();
      await nav().getByRole('listitem').first().getByRole('button').click();
    };
    for (const leave of [
      () => page.keyboard.press('Escape'),
      () => nav().getByRole('button', { name: 'Cancel' }).click(),
    ]) {
      await start();
      await leave();
      expect(await choosing.count()).toBe(0);
    }
    await compare();
    const changed = (row: string, part: string): Promise<string[]> =>
      comparison.getByRole('row', { name: row }).locator(part).allTextContents();
    expect(await changed('Prompt', 'del, ins')).toEqual(['v1', 'v2']);
    expect(await changed('Instructions', 'del, ins')).toEqual(['kind ', 'strict ']);
    expect(await changed('Question', 'del, ins')).toEqual([]);
    expect(await changed('Answer', 'ins')).toEqual(['.']);
    const tokensRow = comparison
      .getByRole('row', { name: /^Tokens/ })
      .getByRole('cell')
      .last();
    expect(await tokensRow.innerText()).toBe('+20 %');
    const step = comparison.getByRole('row', { name: 'chat gpt-4o → chat gpt-4o-mini' });
    await comparison.getByText('Different texts').click();
    await comparison.locator('table table').waitFor();
    expect(await comparison.locator('table table ins').allTextContents()).toEqual(['v2', 'strict ', '.']);
    expect(await accessFindings(page)).toEqual([]);
    await step.getByRole('button').last().click();
    expect(await page.getByRole('treeitem', { selected: true }).textContent()).toContain('gpt-4o-mini');
    await page.goBack();
    await comparison.waitFor();
    // The choice is no step of its own.
    await page.goBack();
    expect(await choosing.count()).toBe(0);
    expect(await title()).toBe('answer');
    await compare();
    await page.keyboard.press('Escape');
    expect(await comparison.count()).toBe(0);
    await compare();
    await comparison.getByRole('button', { name: 'Close' }).click();
    expect(await comparison.count()).toBe(0);
    for (const width of [400, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await compare();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      await page.goBack();
      expect(await choosing.count()).toBe(0);
    }
  });
});
