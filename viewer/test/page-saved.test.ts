import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { accessFindings } from '../../test/support/axe.ts';
import { NO_BROWSER } from '../../test/support/browser.ts';
import { readOtlpJson } from '../src/otlp-json.ts';
import { usePage } from './opened-page.ts';
import { chat, messages, type SpanPlan, text } from './spans.ts';

const HOSTILE = '</script><script>alert(1)</script><!-- <script> \u2028 مرحبا';

const plan = (name: string): SpanPlan => ({
  name,
  end: 500,
  children: [chat({ 'gen_ai.input.messages': messages('user', text(HOSTILE)) }, { end: 400 })],
});

describe.skipIf(NO_BROWSER !== undefined)('a page that a reader saves', () => {
  const { open, offences } = usePage();
  let page: Page;

  /** Presses a button that saves a file. */
  async function save(name: string): Promise<{ readonly path: string; readonly file: string }> {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name, exact: true }).click();
    const saved = await download;
    return { path: await saved.path(), file: saved.suggestedFilename() };
  }
  const listed = (): Promise<string[]> =>
    page.getByRole('navigation').getByRole('listitem').locator('strong').allTextContents();
  async function openSaved(path: string): Promise<void> {
    // The download has no extension, so a browser would show its source.
    const html = await readFile(path, 'utf8');
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    expect(policy).toMatch(/script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'/);
    expect(policy).not.toContain('connect-src');
    await page.route('**/saved.html', (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await page.goto(pathToFileURL('/saved.html').href);
  }

  it('has the open trace alone, and shows it as before', async () => {
    page = await open([plan('first'), plan('second')]);
    const { path, file } = await save('Save page');
    expect(file).toMatch(/^trace-[0-9a-f]{32}\.html$/);
    await openSaved(path);
    await page.getByRole('treeitem', { name: 'chat' }).click();
    expect(await page.locator('#panel-span .by-user').textContent()).toContain(
      '</script><script>alert(1)</script>',
    );
    expect(await page.getByRole('navigation').count()).toBe(0);
    expect(await accessFindings(page)).toEqual([]);
    // It can be saved again.
    expect(await readFile((await save('Save page')).path, 'utf8')).toBe(await readFile(path, 'utf8'));
    offences.splice(0, offences.length, ...offences.filter((each) => !each.includes('saved.html')));
  });

  it('has all traces that the filter finds', async () => {
    page = await open([plan('one'), plan('two'), plan('other')]);
    await page.getByRole('combobox', { name: 'Filter' }).fill('o');
    const { path, file } = await save('Save these 3 traces');
    expect(file).toBe('traces.html');
    await openSaved(path);
    await page.getByRole('treeitem').first().waitFor();
    expect((await listed()).toSorted()).toEqual(['one', 'other', 'two']);
    offences.splice(0, offences.length, ...offences.filter((each) => !each.includes('saved.html')));
  });

  it('can be OTLP JSON, too', async () => {
    page = await open([plan('first')]);
    const { path, file } = await save('Save OTLP JSON');
    expect(file).toMatch(/^trace-[0-9a-f]{32}\.json$/);
    const { spans } = readOtlpJson(await readFile(path, 'utf8'));
    expect(spans.map(({ name }) => name).toSorted()).toEqual(['chat gpt-4o', 'first']);
    expect(spans.find(({ name }) => name !== 'first')?.attributes['gen_ai.input.messages']).toBe(
      messages('user', text(HOSTILE)),
    );
  });
});
