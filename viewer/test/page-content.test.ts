import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { accessFindings } from '../../test/support/axe.ts';
import { NO_BROWSER } from '../../test/support/browser.ts';
import { usePage } from './opened-page.ts';
import { chat, type SpanPlan, text } from './spans.ts';

function question(...parts: readonly object[]): SpanPlan {
  const asked = [
    { role: 'system', parts: [text('Be kind')] },
    { role: 'user', parts },
  ];
  return chat({ 'gen_ai.request.model': 'gpt-4o', 'gen_ai.input.messages': JSON.stringify(asked) });
}

describe.skipIf(NO_BROWSER !== undefined)('the content of a page', () => {
  const { open } = usePage();
  let page: Page;

  const said = (): Locator => page.locator('#panel-chat .by-user');

  it('is folded beyond 60 lines or 8,000 characters', async () => {
    page = await open([question(text(Array.from({ length: 60 }, (_, i) => `line ${i}`).join('\n')))]);
    expect(
      await said()
        .getByRole('button', { name: /^Show all/ })
        .count(),
    ).toBe(0);
    page = await open([question(text('word '.repeat(1_601)))]);
    expect(await said().getByRole('button').allTextContents()).toContain('Show all 8,005 characters');
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`).join('\n');
    const plan = question(text(lines));
    page = await open([{ ...plan, attributes: { ...plan.attributes, note: lines } }]);
    const before = (await said().boundingBox())?.height ?? 0;
    expect(before).toBeLessThan(1_400);
    await said()
      .getByRole('button', { name: /^Show all/ })
      .click();
    expect((await said().boundingBox())?.height).toBeGreaterThan(before);
    await page.getByRole('treeitem').click();
    await page.getByText('Everything recorded').click();
    const attribute = page.getByRole('row', { name: /^note/ }).locator('td');
    await attribute.getByRole('button', { name: /^Show all/ }).click();
    expect(await attribute.textContent()).toContain('line 99');
  });

  it('has a line for each value of JSON, in messages and tools, and code as it was written', async () => {
    const tool = {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.call.arguments': '{"code":"if x:\\n  print(x)","limits":[1,{"cpu":2}]}',
      'gen_ai.tool.call.result': '{"images":[],"logs":"done","more":{}}',
    };
    page = await open([
      {
        name: 'program',
        children: [
          question(text('{"place":"Hamburg","parts":[1]}'), text('{"value":4}')),
          { name: 'execute_tool run', start: 1, attributes: tool },
        ],
      },
    ]);
    expect(await said().locator('.code').allTextContents()).toEqual([
      '{\n  "place": "Hamburg",\n  "parts": [\n    1\n  ]\n}',
      '{\n  "value": 4\n}',
    ]);
    expect(await page.locator('#panel-chat .tool .text').allInnerTexts()).toEqual([
      '{\n  "code": "if x:\n  print(x)",\n  "limits": [\n    1,\n    {\n      "cpu": 2\n    }\n  ]\n}',
      '{\n  "images": [],\n  "logs": "done",\n  "more": {}\n}',
    ]);
  });

  it('plays audio that was recorded, and says in a line what was not', async () => {
    const sound = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';
    const blob = { type: 'blob', modality: 'audio', mime_type: 'audio/wav', content: sound };
    const image = {
      modality: 'image',
      mime_type: 'image/png',
      content: '',
      size: 78,
      sha256: 'a'.repeat(64),
    };
    page = await open([
      question(
        blob,
        { ...blob, ...image },
        { type: 'uri', modality: 'image', uri: 'https://example.com/x.png' },
        { type: 'file', modality: 'document', file_id: 'file_1' },
        { type: 'blob', ...image, size: 2_000_000 },
        { ...blob, mime_type: 'audio/x" onerror="alert(1)' },
      ),
    ]);
    expect(await said().locator('audio').count()).toBe(1);
    const length = await said()
      .locator('audio')
      .evaluate(
        (it) =>
          new Promise((done) => {
            const audio = it as HTMLAudioElement;
            audio.addEventListener('loadedmetadata', () => done('loaded'));
            audio.addEventListener('error', () => done('failed'));
            audio.load();
            audio.preload = 'auto';
          }),
      );
    expect(length).toBe('loaded');
    expect((await said().locator('p.dim').allTextContents()).slice(0, 4)).toEqual([
      'image/png, 78 bytes, not recorded',
      'image, https://example.com/x.png',
      'document, file_1',
      "image/png, 2,000,000 bytes, not recorded: the option media: 'inline' records up to 1 MiB",
    ]);
    expect(await said().locator('img, a').count()).toBe(0);
    expect(await accessFindings(page)).toEqual([]);
  });

  it('is copied: a message, a span, and a call as code', async () => {
    page = await open([question(text('Where is *it*?'))]);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const copied = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
    await said().hover();
    await said().getByRole('button', { name: 'Copy' }).click();
    expect(await copied()).toBe('Where is *it*?');
    await page.getByRole('treeitem').click();
    const panel = page.getByRole('region', { name: 'Span' });
    await panel.getByRole('button', { name: 'Copy as JSON' }).click();
    await panel.getByRole('button', { name: 'Copied' }).waitFor();
    expect(JSON.parse(await copied())).toMatchObject({
      name: 'chat gpt-4o',
      attributes: { 'gen_ai.request.model': 'gpt-4o' },
    });
    await panel.getByRole('button', { name: 'Copy as curl' }).click();
    expect(await copied()).toContain('}/chat/completions"');
    await panel.getByRole('button', { name: 'Copy as TypeScript' }).click();
    expect(await copied()).toContain('client.chat.completions.create({');
  });

  it('calls instructions by one name, and has no line for what did not happen', async () => {
    page = await open([question(text('Where?'))]);
    expect(await page.locator('#panel-chat summary').textContent()).toBe('Instructions');
    expect(await page.getByRole('region', { name: 'Trace' }).textContent()).not.toContain('Retries');
    await page.getByRole('treeitem').click();
    await page.getByText('1 earlier message').click();
    expect(await page.locator('#panel-span .said summary').allTextContents()).toEqual([
      '1 earlier message',
      'Instructions',
    ]);
  });

  it('has the error first that ended the work, then what led to it, then others', async () => {
    const failed = (name: string, end: number, ...children: SpanPlan[]): SpanPlan => ({
      name,
      end,
      error: true,
      attributes: { 'error.type': name },
      children,
    });
    const survived = { name: 'survived', end: 20, children: [failed('early', 10)] };
    const last = failed('last try', 80, failed('cause', 70));
    page = await open([failed('work', 90, survived, failed('first try', 40), last)]);
    const errors = await page.getByRole('region', { name: 'Errors' }).locator('strong').allTextContents();
    expect(errors).toEqual(['work', 'last try', 'cause', 'first try', 'early']);
    await page.keyboard.press('n');
    expect(await page.getByRole('treeitem', { selected: true }).locator('.label').textContent()).toBe('work');
  });

  it('is written from right to left block by block, where its text is', async () => {
    const mixed = [
      '# كيف أبدأ؟',
      'ثبّت `npm` أولًا.',
      'Then read **this**.',
      '- الأول\n- second\n- «ثالث»',
      '1. الأول\n\n2. الثاني',
      '> اقتباس\n>\n> quoted',
    ].join('\n\n');
    const table = '| اسم | value |\n|---|---|\n| ألف | 1 |';
    page = await open([question(text(mixed), text(table), text('東京の天気は？'))]);
    const directions = (blocks: string): Promise<string[]> =>
      said()
        .locator('.md')
        .locator(blocks)
        .evaluateAll((all) => all.map((each) => getComputedStyle(each).direction));
    expect(await directions('> p')).toEqual(['rtl', 'rtl', 'ltr', 'ltr']);
    expect(await directions('ul, ul li')).toEqual(['rtl', 'rtl', 'ltr', 'rtl']);
    expect(await directions('ol, ol li, ol p')).toEqual(['rtl', 'rtl', 'rtl', 'rtl', 'rtl']);
    expect(await directions('blockquote, blockquote p')).toEqual(['rtl', 'rtl', 'ltr']);
    expect(await directions('table, th, td')).toEqual(['rtl', 'rtl', 'ltr', 'rtl', 'ltr']);
    expect(await said().locator('strong[dir], code[dir]').count()).toBe(0);
    expect(await page.locator('.row .preview').getAttribute('dir')).toBe('auto');
  });
});
