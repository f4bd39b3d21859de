import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { pageFromFile } from 'openai-traces-viewer/view-command.ts';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, test } from 'vitest';
import { NO_BROWSER } from '../support/browser.ts';
import { suiteBrowser } from '../support/suite-browser.ts';

if (NO_BROWSER !== undefined) console.warn(`The page is not tested in a browser: ${NO_BROWSER}`);

type Value = Readonly<Record<string, unknown>>;

const text = (stringValue: string): Value => ({ stringValue });
const list = (values: readonly Value[]): Value => ({ arrayValue: { values } });
const map = (values: Readonly<Record<string, Value>>): Value => ({
  kvlistValue: { values: Object.entries(values).map(([key, value]) => ({ key, value })) },
});

/** What the page reads by name, beside the content. */
const NAMES = [
  'gen_ai.operation.name',
  'gen_ai.tool.name',
  'gen_ai.tool.call.id',
  'gen_ai.request.model',
  'gen_ai.usage.input_tokens',
  'openai.cost',
  'openai.run.status',
  'openai.run.id',
  'openai.step.id',
  'openai.thread.id',
  'openai.trace.project',
  'deployment.environment.name',
  'error.type',
  '__proto__',
  'constructor',
];
const CONTENT = [
  'gen_ai.system_instructions',
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'gen_ai.tool.call.arguments',
  'gen_ai.tool.call.result',
];
const OPERATIONS = ['invoke_agent', 'chat', 'execute_tool', 'retrieval'];

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly [field: string]: unknown;
}

const attributesOf = (values: Readonly<Record<string, unknown>>): object[] =>
  Object.entries(values).map(([key, value]) => ({ key, value }));

/** A trace with a span of each operation, and one without, whose attributes all have one value. */
function traceOf(traceId: string, value: unknown): OtlpSpan[] {
  const every = Object.fromEntries([...NAMES, ...CONTENT].map((name) => [name, value]));
  return [undefined, ...OPERATIONS].map((operation, i) => ({
    traceId,
    spanId: `${traceId}-${i}`,
    parentSpanId: i === 0 ? undefined : `${traceId}-0`,
    name: 'hostile',
    status: { code: 2, message: value },
    attributes: attributesOf(
      operation === undefined ? every : { ...every, 'gen_ai.operation.name': text(operation) },
    ),
    events: [{ name: value, timeUnixNano: value, attributes: attributesOf(every) }],
  }));
}

const HONEST: readonly OtlpSpan[] = [
  {
    traceId: 'honest',
    spanId: '1',
    name: 'chat gpt-4o',
    startTimeUnixNano: '1700000000000000000',
    endTimeUnixNano: '1700000001500000000',
    attributes: attributesOf({
      'gen_ai.operation.name': text('chat'),
      'gen_ai.input.messages': text('[{"role":"user","parts":[{"type":"text","content":"Where is it?"}]}]'),
      'gen_ai.output.messages': text(
        '[{"role":"assistant","parts":[{"type":"text","content":"On its way"}]}]',
      ),
    }),
    events: [
      {
        name: 'retried',
        timeUnixNano: '1700000001000000000',
        attributes: attributesOf({ n: { intValue: '1' } }),
      },
    ],
  },
];

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const HTML = '<img src=x onerror=alert(1)></script><script>alert(1)</script>';

describe.skipIf(NO_BROWSER !== undefined)('whoever wrote the file of a page', () => {
  const browser = suiteBrowser();
  let page: Page;
  let failures: string[];

  afterEach(async () => {
    await page.close();
    expect(failures).toEqual([]);
  });

  async function open(spans: readonly OtlpSpan[]): Promise<void> {
    failures = [];
    const file = browser.pathOf('traces.json');
    const path = browser.pathOf('page.html');
    const document = { resourceSpans: [{ scopeSpans: [{ spans }] }] };
    await writeFile(file, JSON.stringify(document).replaceAll('"@infinite"', '1e999'));
    const ignore = { write: () => {} };
    expect(pageFromFile(file, path, ignore, ignore)).toBe(0);
    page = await browser.open();
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => failures.push(error.message));
    page.on('console', (said) => failures.push(said.text()));
    page.on('dialog', (dialog) => {
      failures.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(pathToFileURL(path).href);
  }

  /** Opens the trace, then each of its spans, and both panels of it. */
  async function useAll(trace: string): Promise<void> {
    await page.getByRole('combobox', { name: 'Filter' }).fill(trace);
    for (const row of await page.getByRole('treeitem').all()) {
      await row.click();
      expect(await page.locator('.inspector').count()).toBe(1);
    }
    await page.getByRole('button', { name: 'Conversation', exact: true }).click();
  }

  async function expectHonest(): Promise<void> {
    await useAll('honest');
    expect(await page.locator('.chat').textContent()).toContain('On its way');
    await page.getByRole('button', { name: 'Span', exact: true }).click();
    expect(await page.locator('.inspector').textContent()).toContain('Event retried, after 1.00 s');
  }

  test.each<[string, unknown]>([
    [
      'maps with their own toString',
      map({ toString: { intValue: 1 }, valueOf: text('x'), toJSON: text('x') }),
    ],
    ['lists of such maps', list([map({ toString: { intValue: 1 } })])],
    [
      'maps with __proto__ and constructor',
      map({ ['__proto__']: text('x'), constructor: map({ prototype: text('x') }) }),
    ],
    ['numbers instead of texts', { intValue: 5 }],
    ['invalid numbers', { doubleValue: 'NaN' }],
    ['numbers without end', { doubleValue: '@infinite' }],
    ['nothing', {}],
    ['null', null],
    ['JSON nested deep', text(`[{"role":"user","parts":[{"type":"text","content":${nested(40_000)}}]}]`)],
    ['JSON just too deep to print', text(nested(5_000))],
    [
      'messages of the wrong types',
      text(
        '[{"role":5,"parts":[{"type":{},"content":{"toString":1}},null,{"type":"tool_call","id":{},"name":{"toString":1},"arguments":[]}]},{"role":{},"parts":[{}]}]',
      ),
    ],
    [
      'one message of 10,000 parts',
      text(JSON.stringify([{ role: 'user', parts: Array.from({ length: 10_000 }, () => ({})) }])),
    ],
    ['HTML', text(HTML)],
  ])('cannot keep the page from showing every span: %s', async (_, value) => {
    await open([...traceOf('hostile', value), ...HONEST]);
    await useAll('hostile');
    expect(await page.getByRole('treeitem').count()).toBe(OPERATIONS.length + 1);
    await expectHonest();
  });

  test('cannot do so with HTML in ids and names, circular parents, duplicate ids, or invalid times', async () => {
    const strange = (spanId: string, parentSpanId: string, more: object = {}): OtlpSpan => ({
      traceId: `hostile ${HTML}`,
      spanId,
      parentSpanId,
      name: HTML,
      attributes: attributesOf({ [HTML]: text(HTML), 'openai.run.id': text(HTML) }),
      ...more,
    });
    await open([
      strange(HTML, HTML),
      strange('a', 'b', { startTimeUnixNano: 'NaN', endTimeUnixNano: 1e308 }),
      strange('b', 'a', { startTimeUnixNano: '99999999999999999999', endTimeUnixNano: -1 }),
      strange('a', 'a'),
      strange('__proto__', 'constructor', { name: 5, kind: 'x', events: [null, 5, { attributes: 5 }] }),
      ...HONEST,
    ]);
    await useAll('hostile');
    // Of the two with one id, the last.
    expect(await page.getByRole('treeitem').count()).toBe(4);
    expect(await page.locator('img').count()).toBe(0);
    await expectHonest();
  });

  test('cannot freeze it with results of tools whose lines are mostly indentation', async () => {
    const result = '['.repeat(98) + Array(33_000).fill('[]').join() + ']'.repeat(98);
    await open([
      ...Array.from({ length: 30 }, (_, i) => ({
        traceId: 'hostile',
        spanId: `s${i}`,
        name: 'execute_tool',
        attributes: attributesOf({
          'gen_ai.operation.name': text('execute_tool'),
          'gen_ai.tool.call.result': text(result),
        }),
      })),
      ...HONEST,
    ]);
    await useAll('hostile');
    const shown = page.locator('#panel-chat .tool').first();
    await shown.getByRole('button', { name: /^Show all/ }).click();
    const length = await shown.evaluate((each) => (each as HTMLElement).textContent.length);
    expect(length).toBeLessThan(100_000);
    await expectHonest();
  });

  test('cannot freeze it with 100,000 attributes, 50,000 events, or a chain of 100,000 calls', async () => {
    const many = Array.from({ length: 100_000 }, (_, i) => i);
    const chat = attributesOf({ 'gen_ai.operation.name': text('chat') });
    await open([
      {
        traceId: 'hostile',
        spanId: 'wide',
        name: 'wide',
        attributes: many.map((i) => ({ key: `a${i}`, value: text('x') })),
        events: many
          .slice(0, 50_000)
          .map((i) => ({ name: `event ${i}`, attributes: attributesOf({ n: { intValue: i } }) })),
      },
      ...many.map((i) => ({
        traceId: 'hostile chain',
        spanId: `s${i}`,
        parentSpanId: i === 0 ? undefined : `s${i - 1}`,
        name: 'chat',
        attributes: chat,
      })),
      ...HONEST,
    ]);
    await page.getByRole('combobox', { name: 'Filter' }).fill('wide');
    // The search runs in slices: until it ends, the page shows another trace.
    await page.getByRole('treeitem', { name: 'wide' }).click();
    const inspector = page.locator('.inspector');
    expect(await inspector.textContent()).toContain('99000 more attributes');
    expect(await inspector.locator('caption', { hasText: 'Event' }).count()).toBe(200);
    await inspector.getByText('Everything recorded').click();
    await inspector.getByRole('button', { name: 'Show more events (49,800)' }).click();
    expect(await inspector.locator('caption', { hasText: 'Event' }).count()).toBe(400);
    await expectHonest();
  });
});
