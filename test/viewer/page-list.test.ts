import type { Locator, Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { accessFindings } from '../support/axe.ts';
import { NO_BROWSER } from '../support/browser.ts';
import { suiteBrowser } from '../support/suite-browser.ts';
import { openPage } from './opened-page.ts';
import type { SpanPlan } from './spans.ts';

/** A trace of a call and a tool. */
function trace(
  name: string,
  start: number,
  more: Partial<SpanPlan> & { readonly cost?: number; readonly time?: number } = {},
): SpanPlan {
  const { cost = 0.01, time = 100, ...rest } = more;
  return {
    name,
    start,
    end: start + time,
    children: [
      {
        name: 'chat gpt-4o',
        start,
        end: start + time / 2,
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.request.model': 'gpt-4o',
          'gen_ai.usage.input_tokens': 100,
          'gen_ai.usage.output_tokens': 10,
          'openai.cost': cost,
          'gen_ai.input.messages': JSON.stringify([
            { role: 'user', parts: [{ type: 'text', content: `Ask of ${name}` }] },
          ]),
        },
      },
      {
        name: 'execute_tool find',
        start: start + time / 2,
        end: start + time,
        attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'find' },
      },
    ],
    ...rest,
  };
}

const TRACES: readonly SpanPlan[] = [
  trace('first', 0, { cost: 0.03 }),
  trace('second', 1_000, { time: 400 }),
  trace('third', 2_000, { error: true, attributes: { 'error.type': 'timeout', 'user.id': 'user_7' } }),
];

describe.skipIf(NO_BROWSER !== undefined)('the list of the page', () => {
  const browser = suiteBrowser();
  let page: Page;

  afterEach(() => page.close());

  const nav = (): Locator => page.getByRole('navigation');
  const titles = (): Promise<string[]> => nav().locator('li strong').allTextContents();
  const filter = (): Locator => page.getByRole('combobox', { name: 'Filter' });
  const title = (): Promise<string | null> =>
    page.getByRole('region', { name: 'Trace' }).getByRole('heading').textContent();

  it('has two lines for each trace', async () => {
    page = await openPage(browser, TRACES);
    const entry = nav().getByRole('listitem').first();
    expect((await entry.innerText()).split('\n').filter(Boolean)).toEqual([
      'third',
      'Ask of third',
      '1 error',
      '00:00:02 · 100 ms · $0.010 · 100 → 10 · 3 spans',
    ]);
    expect((await entry.boundingBox())?.height).toBeLessThan(55);
  });

  it('is sorted by time, duration, cost or errors, as the address says', async () => {
    page = await openPage(browser, TRACES);
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

  it('is filtered by terms that are suggested, and goes back', async () => {
    page = await openPage(browser, TRACES);
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
    await page.goto('about:blank');
    await page.goto(address);
    expect(await titles()).toEqual(['third']);
  });

  it('marks what was found', async () => {
    page = await openPage(browser, TRACES);
    await filter().fill('ask of SECOND');
    await page.waitForTimeout(100);
    const marked = await page.evaluate(() => [...(CSS.highlights.get('found') ?? [])].map(String));
    expect(new Set(marked)).toEqual(
      new Set(['Ask', 'of', 'second', 'Second'].filter((word) => marked.includes(word))),
    );
    expect(marked).toContain('second');
    await filter().fill('');
    await page.waitForTimeout(100);
    expect(await page.evaluate(() => CSS.highlights.get('found')?.size)).toBe(0);
  });

  it('has totals of what is listed, by model and tool', async () => {
    page = await openPage(browser, TRACES);
    await page.getByRole('button', { name: 'Totals $0.050' }).click();
    const totals = page.getByRole('region', { name: 'Totals' });
    const rows = async (): Promise<string[][]> =>
      (await totals.getByRole('row').allInnerTexts()).slice(1).map((row) =>
        row
          .split('\t')
          .map((cell) => cell.trim())
          .slice(0, 7),
      );
    expect(await rows()).toEqual([
      ['gpt-4o', '3', '0', '300 → 30', '$0.050', '50 ms', '200 ms'],
      ['find', '3', '0', '', '', '50 ms', '200 ms'],
    ]);
    expect((await totals.locator('dl > div').allInnerTexts()).map((fact) => fact.split('\n'))).toEqual([
      ['Traces', '3'],
      ['Cost', '$0.050'],
      ['Tokens', '300 → 30'],
      ['Errors', '1'],
    ]);
    const bars = await totals
      .locator('.amounts .bar')
      .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().width));
    expect((bars[1] ?? 0) / (bars[0] ?? 1)).toBeCloseTo(3, 1);
    expect(await accessFindings(page)).toEqual([]);
    await filter().fill('second');
    await expect.poll(rows).toEqual([
      ['gpt-4o', '1', '0', '100 → 10', '$0.010', '200 ms', '200 ms'],
      ['find', '1', '0', '', '', '200 ms', '200 ms'],
    ]);
    await page.goBack();
    await page.goBack();
    expect(await title()).toBe('third');
  });

  it('compares a trace with the open one', async () => {
    const [one] = trace('before', 0).children ?? [];
    const before = trace('before', 0);
    const after = trace('after', 9_000, {
      cost: 0.02,
      children: one === undefined ? [] : [{ ...one, start: 9_000, end: 9_100 }],
    });
    page = await openPage(browser, [
      { ...before, name: 'program' },
      { ...after, name: 'program', end: 9_100 },
      trace('other', -5_000),
    ]);
    await nav()
      .getByRole('button', { name: /^program/ })
      .last()
      .click();
    await nav().getByRole('listitem').first().hover();
    await nav().getByRole('button', { name: 'Compare the open one with program' }).click();
    const comparison = page.getByRole('region', { name: 'Comparison' });
    const rows = (await comparison.getByRole('row').allInnerTexts()).map((row) =>
      row.split('\t').map((cell) => cell.trim()),
    );
    expect(rows.slice(1)).toEqual([
      ['Duration', '100 ms', '100 ms', '='],
      ['Cost', '$0.010', '$0.010', '='],
      ['Input tokens', '100', '100', '='],
      ['Output tokens', '10', '10', '='],
      ['Model calls', '1', '1', '='],
      ['Tool calls', '1', '0', '−1, −100 %'],
      ['Errors', '0', '0', '='],
      ['Spans', '3', '2', '−1, −33 %'],
      ['Steps'],
      ['program', '100 ms', '100 ms', '='],
      [
        'chat gpt-4o',
        '50 ms · 100 → 10 tokens · $0.010',
        '100 ms · 100 → 10 tokens · $0.010',
        '+50 ms, +100 %',
      ],
      ['execute_tool find', '50 ms', '–', ''],
    ]);
    // The line above the steps goes through all columns.
    const bordered = await comparison
      .getByRole('row', { name: 'Steps' })
      .evaluate((row) => [row, ...row.children].map((each) => getComputedStyle(each).borderTopWidth));
    expect(bordered).toEqual(['1px', '0px']);
    expect(await accessFindings(page)).toEqual([]);
    const address = page.url();
    await page.getByRole('button', { name: 'Close comparison' }).click();
    expect(await title()).toBe('program');
    await page.goto('about:blank');
    await page.goto(address);
    await comparison.waitFor();
  });
});
