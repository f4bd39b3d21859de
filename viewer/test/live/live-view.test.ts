import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Locator, Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessFindings } from '../../../test/support/axe.ts';
import { NO_BROWSER } from '../../../test/support/browser.ts';
import { suiteBrowser } from '../../../test/support/suite-browser.ts';
import { type LiveView, startLiveView } from '../../src/live/live-view.ts';
import { MATH_TUTOR, makeSpans, messages, text } from '../spans.ts';
import { evaluationOf, otlp, otlpLogs, post } from './requests.ts';

if (NO_BROWSER !== undefined) console.warn(`The live page is not tested in a browser: ${NO_BROWSER}`);

/** A span of a second, named after its id. */
function span(
  traceId: string,
  spanId: string,
  more: object = {},
  attributes: Readonly<Record<string, string | number>> = {},
): object {
  return {
    traceId,
    spanId,
    name: `span ${spanId}`,
    startTimeUnixNano: '1700000000000000000',
    endTimeUnixNano: '1700000001000000000',
    attributes: Object.entries(attributes).map(([key, value]) => ({
      key,
      value: typeof value === 'number' ? { doubleValue: value } : { stringValue: value },
    })),
    ...more,
  };
}

/** What an answer has. */
const answer = (content: string): Record<string, string> => ({
  'gen_ai.operation.name': 'chat',
  'gen_ai.output.messages': messages('assistant', text(content)),
});
const LATER = { startTimeUnixNano: '1800000000000000000' };

describe.skipIf(NO_BROWSER !== undefined)('the live page in Chromium', () => {
  const browser = suiteBrowser();
  let live: LiveView;
  let page: Page;
  /** What no page may do: fail, ask, or go elsewhere. */
  let offences: string[];

  beforeEach(async () => {
    live = await startLiveView(0, () => {});
    offences = [];
    page = await browser.open();
    page.on('console', (said) => offences.push(said.text()));
    page.on('pageerror', (error) => offences.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(`${live.address}/`)) offences.push(request.url());
    });
    await page.goto(live.page);
  });
  afterEach(async () => {
    await page.close();
    await live.close();
    expect(offences).toEqual([]);
  });

  const entries = (): Locator => page.getByRole('navigation').getByRole('listitem');
  const entry = (name: string): Locator => entries().filter({ hasText: name }).getByRole('button').first();
  const row = (name: string): Locator => page.getByRole('treeitem', { name }).first();
  const selected = (): Locator => page.getByRole('treeitem', { selected: true });
  const filter = (): Locator => page.getByRole('combobox', { name: 'Filter' });
  const connected = (): Promise<void> => page.getByText('live', { exact: true }).waitFor();
  const send = (...spans: readonly object[]): Promise<unknown> =>
    post(`${live.address}/v1/traces`, otlp(...spans));

  it('says how to send traces, and shows them as they arrive, newest first', async () => {
    await page.getByRole('heading', { name: 'Waiting for traces' }).waitFor();
    expect(await page.getByRole('region', { name: 'No traces yet' }).textContent()).toContain(
      `OTEL_EXPORTER_OTLP_ENDPOINT=${live.address}`,
    );
    await page.getByText('docker run --network host').waitFor();
    expect(await accessFindings(page)).toEqual([]);
    const exporter = new OTLPTraceExporter({ url: `${live.address}/v1/traces` });
    exporter.export(makeSpans(MATH_TUTOR) as unknown as ReadableSpan[], () => {});
    await row('invoke_agent Math Tutor').waitFor();
    await exporter.shutdown();
    await send(span('new', '1', { ...LATER, endTimeUnixNano: '1800000001000000000' }));
    await entries().nth(1).waitFor();
    const texts = await entries().allInnerTexts();
    expect(texts.map((shown) => shown.split('\n').slice(0, 3))).toEqual([
      ['span 1', '01-15 08:00', '1.00 s'],
      ['thread', '01-01 00:00', '14.2 s'],
    ]);
  });

  it('asks once for all that arrives while it waits for an answer', async () => {
    await connected();
    let asked = 0;
    await page.route('**/api/spans*', async (route) => {
      if (++asked === 1) await setTimeout(1_500);
      await route.continue();
    });
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      await send(span('t', id));
      await setTimeout(250);
    }
    await row('span e').waitFor();
    await setTimeout(500);
    expect(asked).toBe(2);
  });

  it('shows a trace without its root as in progress, and continues with it where the reader is', async () => {
    await send(span('t', 'a', { parentSpanId: 'root' }), span('t', 'below', { parentSpanId: 'a' }));
    await row('span a').locator('.toggle').click();
    await row('span a').click();
    expect(await entries().first().textContent()).toContain('in progress');
    await send(span('t', 'root'), span('t', 'b', { parentSpanId: 'root' }));
    await row('span b').waitFor();
    expect(await entries().first().textContent()).not.toContain('in progress');
    expect(await selected().textContent()).toContain('span a');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('span a');
    expect(await row('span a').getAttribute('aria-expanded')).toBe('false');
    expect(await page.getByRole('region', { name: 'Span' }).textContent()).toContain('span a');
  });

  it('shows a span in progress, which lasts longer until it ends', async () => {
    const started = BigInt(Date.now()) * 1_000_000n;
    const attributes = [
      { key: 'openai.stream.time_to_first_token', value: { doubleValue: 1.2 } },
      { key: 'openai.stream.chunk_count', value: { intValue: 84 } },
    ];
    const sent = { startTimeUnixNano: String(started), endTimeUnixNano: '0' };
    await send(span('t', '1', sent));
    await row('span 1').getByText('in progress').waitFor();
    expect(await entries().first().textContent()).toContain('in progress');
    const time = row('span 1').locator('.time');
    const first = (await time.textContent()) ?? '';
    await expect.poll(() => time.textContent(), { timeout: 10_000 }).not.toBe(first);
    expect(await accessFindings(page)).toEqual([]);
    await send(span('t', '1', { ...sent, attributes }));
    await row('span 1').getByText('first token 1.20 s · 84 chunks').waitFor();
    await send(span('t', '1', { ...sent, endTimeUnixNano: String(started + 2_000_000_000n) }));
    await row('span 1').getByText('2.00 s').waitFor();
    expect(await row('span 1').textContent()).not.toContain('in progress');
    await expect.poll(() => entries().first().textContent()).not.toContain('in progress');
  });

  it('leaves the reader in the conversation beside a selected span, if nothing moves', async () => {
    const sent = (id: number): object =>
      span('t', `${id}`, { parentSpanId: 'root' }, answer('word '.repeat(500)));
    await send(...Array.from({ length: 60 }, (_, id) => sent(100 + id)));
    await row('60 × chat').click();
    await row('span 100').click();
    await page.getByRole('button', { name: 'Conversation', exact: true }).click();
    const details = page.getByRole('region', { name: 'Details' });
    const place = (): Promise<unknown> =>
      details.evaluate((it) => [scrollY, it.scrollTop, document.activeElement?.textContent]);
    await details.evaluate((it) => {
      scrollTo(0, 100);
      it.scrollTo(0, 300);
    });
    expect(await place()).toEqual([100, 300, 'Conversation']);
    await send(sent(200));
    await page.getByText('61 spans in').waitFor();
    expect(await place()).toEqual([100, 300, 'Conversation']);
    expect(await page.locator('.tabs [aria-pressed=true]').textContent()).toBe('Conversation');
    expect(await selected().textContent()).toContain('span 100');
    await page.setViewportSize({ width: 400, height: 300 });
    await page.getByRole('button', { name: 'Timeline', exact: true }).click();
    await row('span 101').click();
    await page.getByRole('heading', { name: 'span 101' }).waitFor();
    await page.evaluate(() => scrollBy(0, 50));
    const before = await page.evaluate(() => scrollY);
    expect(before).toBeGreaterThan(50);
    await send(sent(201));
    await page.getByText('62 spans in').waitFor({ state: 'attached' });
    expect(await page.evaluate(() => scrollY)).toBe(before);
  });

  it('keeps text selected while spans of the same and of another trace arrive', async () => {
    await send(span('t', '1', {}, answer('Copy me.')));
    await row('span 1').click();
    await page.getByRole('button', { name: 'Conversation', exact: true }).click();
    const selection = (): Promise<unknown> => page.evaluate(() => getSelection()?.toString());
    await page.getByRole('listitem').getByText('Copy me.').selectText();
    expect(await selection()).toBe('Copy me.');
    for (const [traceId, count] of [
      ['t', 2],
      ['u', 3],
    ] as const) {
      await send(span(traceId, String(count)));
      await page.getByText(`${count} spans in`).waitFor();
      await page.waitForTimeout(50);
      expect(await selection()).toBe('Copy me.');
    }
  });

  it('opens what its address names, also when that arrives later', async () => {
    await page.goto(`${live.page}#trace=late&span=b`);
    await page.reload();
    await send(span('first', 'a'));
    await row('span a').waitFor();
    const missing = page.getByText('The trace that the address names is not here');
    await missing.waitFor();
    await send(span('late', 'b'));
    await row('span b').waitFor();
    expect(await missing.isVisible()).toBe(false);
    await page.evaluate(() => {
      location.hash = '#trace=first&span=a';
    });
    await row('span a').waitFor();
    expect(await page.getByRole('region', { name: 'Span' }).textContent()).toContain('span a');
  });

  it('keeps a trace open that the reader chose, and another while a filter hides that one', async () => {
    const current = page.locator('[aria-current]');
    await send(span('first', 'a'), span('second', 'b'));
    await entry('span a').click();
    await row('span a').waitFor();
    await send(span('third', 'c', LATER));
    await entries().nth(2).waitFor();
    expect(await row('span a').isVisible()).toBe(true);
    expect(await current.textContent()).toContain('span a');
    await page.reload();
    await row('span a').waitFor();
    await filter().fill('second');
    await row('span b').waitFor();
    await send(span('fourth', 'second', LATER));
    await entries().nth(1).waitFor();
    expect(await current.textContent()).toContain('span b');
  });

  it.each<[what: string, act: () => Promise<unknown>]>([
    ['opened a tab', () => page.getByRole('button', { name: 'Span', exact: true }).click()],
    ['scrolled', () => page.getByRole('region', { name: 'Details' }).evaluate((it) => it.scrollTo(0, 40))],
    ['selected text', () => page.getByRole('listitem').getByText('word 1 ').selectText()],
    ['unfolded text', () => page.getByRole('button', { name: /^Show all/ }).click()],
    ['pressed a key', () => page.keyboard.press('End')],
  ])('keeps a trace open in which the reader has %s, and offers the newest', async (_, act) => {
    const words = Array.from({ length: 100 }, (__, i) => `word ${i} \n`).join('');
    await page.setViewportSize({ width: 1440, height: 400 });
    await send(span('old', 'a', {}, answer(words)));
    await row('span a').waitFor();
    const offer = page.getByRole('status').getByRole('button');
    await act();
    await expect.poll(() => page.evaluate(() => location.hash)).toContain('trace=old');
    expect(await offer.count()).toBe(0);
    await send(span('new', 'b', LATER));
    await page.getByRole('button', { name: '1 new trace', exact: true }).waitFor();
    await send(span('newest', 'c', { startTimeUnixNano: '1900000000000000000' }));
    await page.getByRole('button', { name: '2 new traces' }).waitFor();
    expect(await row('span a').isVisible()).toBe(true);
    await page.getByRole('region', { name: 'Details' }).evaluate((it) => it.scrollTo(0, 0));
    expect(await accessFindings(page)).toEqual([]);
    await offer.click();
    await row('span c').waitFor();
    expect(await offer.count()).toBe(0);
    await page.goBack();
    await row('span a').waitFor();
  });

  it('opens each new trace while the reader only watches', async () => {
    for (const [id, seconds] of [
      ['a', 16],
      ['b', 17],
      ['c', 18],
    ] as const) {
      await send(span(`trace ${id}`, id, { startTimeUnixNano: `${seconds}00000000000000000` }));
      await row(`span ${id}`).waitFor();
      expect(await page.getByRole('status').getByRole('button').count()).toBe(0);
    }
  });

  it.each([400, 1280, 1440, 1920])('moves nothing while streams run, at %d pixels', async (width) => {
    await page.setViewportSize({ width, height: 900 });
    const [began, ended] = [0, 5_000].map((ms) => `${Date.now() - 5_000 + ms}000000`);
    const open = { startTimeUnixNano: began, endTimeUnixNano: '0' };
    const asked = { 'openai.trace.input': '["Where is my parcel?"]' };
    const outer = { ...open, name: 'answer ticket' };
    const question = messages('user', text('Where is my parcel?'));
    const call = (id: string, length: number, more: object = {}, attributes = {}): object =>
      span(
        't',
        id,
        { ...open, parentSpanId: 'root', ...more },
        {
          ...answer(`${id} ${'word '.repeat(length)}${length}.`),
          'gen_ai.input.messages': question,
          'gen_ai.request.model': 'gpt-4o',
          ...attributes,
        },
      );
    await send(span('t', 'root', outer, asked), call('first', 1));
    if (width < 1_400) await entry('answer ticket').click();
    await row('span first').waitFor();
    const observer = await page.evaluateHandle(() => {
      const started = new PerformanceObserver(() => {});
      started.observe({ type: 'layout-shift' });
      return started;
    });
    let moved = 0;
    const measure = async (): Promise<void> => {
      const shifts = await observer.evaluate((it) =>
        it.takeRecords().map((shift) => (shift as PerformanceEntry & { readonly value: number }).value),
      );
      moved += shifts.reduce((sum, shift) => sum + shift, 0);
    };
    const usage = {
      'gen_ai.usage.input_tokens': 1_234,
      'gen_ai.usage.output_tokens': 4_321,
      'openai.cost': 0.0123,
    };
    for (const id of ['first', 'second']) {
      for (let length = 10; length <= 200; length += 20) {
        await send(call(id, length));
        await page.locator('#panel-chat').getByText(`${length}.`).last().waitFor({ state: 'attached' });
        await measure();
      }
      await send(call(id, 200, { endTimeUnixNano: ended }, usage));
      await row(`span ${id}`).getByText('1,234 → 4,321').waitFor();
      await measure();
    }
    const result = { ...asked, 'openai.trace.output': JSON.stringify('word '.repeat(200)) };
    await send(span('t', 'root', { ...outer, endTimeUnixNano: ended }, result));
    await page.getByRole('region', { name: 'Trace' }).getByText('ok', { exact: true }).waitFor();
    await measure();
    expect(moved).toBeLessThanOrEqual(0.05);
  });

  it('shows facts that arrive late after those that are there', async () => {
    const labels = page.getByRole('region', { name: 'Trace' }).locator('.facts:not(.story) dt');
    await send(span('t', '1'));
    await row('span 1').waitFor();
    const first = await labels.allTextContents();
    await send(span('t', '2', {}, { ...answer('Yes.'), 'gen_ai.request.model': 'gpt-4o' }));
    await row('span 2').waitFor();
    const all = await labels.allTextContents();
    expect(all.slice(0, first.length)).toEqual(first);
    expect(all.slice(first.length)).toContain('Model');
  });

  it('is saved without its address and its token, and a call in progress with its length so far', async () => {
    await send(span('t', '1', { startTimeUnixNano: `${Date.now() - 60_000}000000`, endTimeUnixNano: '0' }));
    await row('span 1').waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save page' }).click();
    const html = await readFile(await (await download).path(), 'utf8');
    const { port, searchParams } = new URL(live.page);
    for (const secret of [searchParams.get('token') ?? '', `localhost:${port}`])
      expect(html.includes(secret), secret).toBe(false);
    expect(/Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1]).toContain(
      "default-src 'none'; img-src",
    );
    const saved = browser.pathOf('saved.html');
    await writeFile(saved, html);
    const opened = await browser.open();
    await opened.goto(pathToFileURL(saved).href);
    const time = opened.getByRole('treeitem', { name: 'span 1' }).locator('.time');
    expect(await time.textContent()).toMatch(/^1 m /);
    expect(await opened.getByText('live', { exact: true }).count()).toBe(0);
    await opened.close();
  });

  it('shows evaluations beside the answer that they are about', async () => {
    await send(span('t', '1', {}, answer('Yes.')));
    await row('span 1').waitFor();
    const evaluation = { name: 'helpful', 'score.value': 0.9, 'score.label': 'good' };
    await post(`${live.address}/v1/logs`, otlpLogs(evaluationOf('t', '1', evaluation)));
    await page.getByRole('listitem').getByText('helpful 0.9 (good)').waitFor();
  });

  it('says that the connection is lost, and continues when it is back', async () => {
    await connected();
    const { port, searchParams } = new URL(live.page);
    const restart = async (token?: string): Promise<void> => {
      await live.close();
      live = await startLiveView(Number(port), () => {}, { token });
    };
    const lose = async (): Promise<void> => {
      await live.close();
      await page.getByText('connection lost').waitFor();
    };
    await lose();
    await restart(searchParams.get('token') ?? '');
    await send(span('t', 'a'));
    await row('span a').waitFor();
    await connected();
    // Of a viewer that has received as much as the one before, the page also gets all spans.
    await lose();
    await restart(searchParams.get('token') ?? '');
    await send(span('u', 'b'), span('u', 'c'));
    await entry('span b').waitFor();
    await entry('span b').click();
    await row('span c').waitFor();
    await restart();
    await page.getByText('refused: open the address that view printed last').waitFor();
    expect(offences.every((offence) => /ERR_|status of 403/.test(offence))).toBe(true);
    offences = [];
  });
});
