import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { accessFindings } from '../../test/support/axe.ts';
import { NO_BROWSER } from '../../test/support/browser.ts';
import type { FinishedSpan } from '../src/viewed-span.ts';
import { linesOf, usePage } from './opened-page.ts';
import { chat, MATH_TUTOR, makeSpans, messages, type SpanPlan, said, text, tokens } from './spans.ts';

if (NO_BROWSER !== undefined) console.warn(`The page is not tested in a browser: ${NO_BROWSER}`);

/** A chat that fails after a retry, and has content. */
const FAILED: SpanPlan = {
  name: 'answer ticket',
  start: -60_000,
  end: -58_000,
  children: [
    chat(
      {
        'gen_ai.request.model': 'gpt-4o',
        'error.type': 'rate_limit_exceeded',
        'openai.cost': 0.0012,
        'gen_ai.input.messages': JSON.stringify([said('system', 'Be kind'), said('user', 'Where is it?')]),
        'gen_ai.output.messages': messages('assistant', text('On\nits way')),
      },
      {
        start: -60_000,
        end: -59_000,
        error: true,
        children: [{ name: 'attempt', start: -60_000, end: -59_500, error: true }],
      },
    ),
  ],
};

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
  const pages = usePage();
  let page: Page;

  async function open(...[plans, options]: Parameters<typeof pages.open>): Promise<void> {
    page = await pages.open(plans, options);
  }

  const row = (name: string): Locator => page.getByRole('treeitem', { name });
  const rows = async (): Promise<string[]> =>
    (await page.getByRole('treeitem').locator('.label').allTextContents()).map((label) => label.trim());
  const selected = (): Locator => page.getByRole('treeitem', { selected: true });
  const focused = (): Promise<string> =>
    page.evaluate(() => document.activeElement?.querySelector('.label')?.textContent ?? '');
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const panel = (name = 'Span'): Locator => page.getByRole('region', { name });
  const openTab = (): Promise<string | null> => page.locator('.tabs [aria-pressed=true]').textContent();
  const filter = (): Locator => page.getByRole('combobox', { name: 'Filter' });
  const listed = (name: string | RegExp): Locator =>
    page.getByRole('navigation').getByRole('button', { name });

  describe('shows', () => {
    it('the summary of a trace and its timeline', async () => {
      await open([MATH_TUTOR]);
      const summary = page.getByRole('region', { name: 'Trace' });
      expect(await summary.getByRole('heading').textContent()).toBe('thread');
      expect((await summary.locator('dl > div').allInnerTexts()).map((fact) => fact.split('\n'))).toEqual(
        expect.arrayContaining([
          ['Duration', '14.2 s'],
          ['Tokens', '381 → 88'],
          ['Runs', '1'],
          ['Steps', '2'],
          ['Model calls', '2'],
          ['Tool calls', '1'],
        ]),
      );
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

    it('the newest trace first, how each ended, and the failed spans', async () => {
      const cancelled = {
        'gen_ai.operation.name': 'invoke_agent',
        'openai.run.id': 'run_1',
        'openai.run.status': 'cancelled',
      };
      await open([
        FAILED,
        { name: 'ended', start: -90_000 },
        { name: 'stopped', start: -80_000, attributes: cancelled },
      ]);
      const traces = await page.getByRole('navigation').locator('li > :first-child').allInnerTexts();
      expect(traces.map((entry) => entry.split('\n')[0])).toEqual(['answer ticket', 'stopped', 'ended']);
      expect(await page.getByRole('navigation').locator('.badge').allInnerTexts()).toEqual(['cancelled']);
      expect(await page.getByRole('navigation').locator('.failure').allInnerTexts()).toEqual(['1', '', '']);
      await page
        .getByRole('region', { name: 'Errors' })
        .getByRole('button', { name: 'rate_limit_exceeded' })
        .click();
      expect(await selected().textContent()).toContain('chat gpt-4o');
      expect(await panel().textContent()).toContain('rate_limit_exceeded');
    });

    it('the conversation, with the cost of each answer', async () => {
      await open([FAILED]);
      const items = await panel('Conversation').getByRole('listitem').allInnerTexts();
      expect(items.map(linesOf)).toEqual([
        ['Instructions'],
        ['User', 'Where is it?'],
        ['Assistant', 'On', 'its way', 'chat gpt-4o', '1.00 s', '✗ rate_limit_exceeded', '$0.0012'],
      ]);
    });

    it('a cut message as cut, and a failed call as no answer', async () => {
      const long = (role: string): string => messages(role, text('x'.repeat(200_000)));
      const content = { 'gen_ai.input.messages': long('user'), 'gen_ai.output.messages': long('assistant') };
      const calls = [chat(content, { start: 1 }), chat({}, { name: 'chat b', start: 2, error: true })];
      await open([{ name: 'program', children: calls }]);
      const conversation = panel('Conversation');
      const items = await conversation.getByRole('listitem').allInnerTexts();
      expect(items.map(linesOf)).toEqual([
        ['User', 'cut for this page: see the span'],
        ['Assistant', 'cut for this page: see the span', 'chat gpt-4o', '0 ms'],
        ['Assistant', 'no answer', 'chat b', '0 ms', '✗ error'],
      ]);
      expect(await conversation.textContent()).not.toContain('not recorded');
      await row('chat gpt-4o').click();
      const cut = panel().locator('.said');
      expect(await cut.count()).toBe(2);
      for (const shown of await cut.allInnerTexts()) expect(shown).toMatch(/"content":"x+/);
    });

    it('the models that answered without content, with a note', async () => {
      await open([MATH_TUTOR], { width: 1110 });
      const note = panel('Conversation').locator('.note');
      expect(await note.textContent()).toBe(
        'Message content was not recorded. To see it here, set the variable OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT, or the option captureMessageContent, to SPAN_ONLY.',
      );
      expect(await panel('Conversation').getByRole('listitem').count()).toBe(5);
      expect(await note.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
    });

    it('a message for an empty page', async () => {
      page = await pages.openSpans(makeSpans(MATH_TUTOR), { maxSize: 1 });
      const shown = await page.locator('body').textContent();
      expect(shown).toContain('There are no spans.');
      expect(shown).toContain('5 spans did not fit and were left out');
    });
  });

  describe('the filter', () => {
    it('shows the time of what it finds, and marks what it hides', async () => {
      await open([MATH_TUTOR]);
      const tool = row('code_interpreter');
      const width = (): Promise<number> =>
        tool
          .locator('.bar')
          .evaluate((bar) => bar.getBoundingClientRect().width / (bar.parentElement?.clientWidth ?? 1));
      expect(await width()).toBeCloseTo(812 / 14_200, 2);
      await filter().fill('RUN_def456 execute');
      expect(await rows()).toEqual(['thread', 'invoke_agent Math Tutor', 'execute_tool code_interpreter']);
      expect(await width()).toBeCloseTo(1, 2);
      expect(await page.locator('.ticks span').allTextContents()).toEqual(['2.34 s', '2.75 s', '3.15 s']);
      expect(await row('invoke_agent').locator('.badge').textContent()).toBe('2 hidden');
      expect(await tool.locator('.badge').count()).toBe(0);
      await filter().fill('no match');
      expect(await rows()).toEqual([]);
    });

    it('opens a trace or run whole that it finds by its name, and lets go of a span that it hides', async () => {
      await open([MATH_TUTOR]);
      await filter().fill('thread');
      expect(await rows()).toHaveLength(5);
      await filter().fill('math tutor');
      expect(await rows()).toHaveLength(5);
      expect(await row('chat gpt-4o-mini').count()).toBe(2);
      await row('code_interpreter').click();
      expect(await selected().count()).toBe(1);
      await filter().fill('step_2');
      expect(await rows()).toEqual(['thread', 'invoke_agent Math Tutor', 'chat gpt-4o-mini']);
      expect(await selected().count()).toBe(0);
      expect(await openTab()).toBe('Conversation');
      // What is above a span that was found is shown, too.
      await row('invoke_agent').click();
      expect(await filter().inputValue()).toBe('step_2');
      expect(await panel().textContent()).toContain('invoke_agent Math Tutor');
    });

    it('says which term it does not know, and the nearest one', async () => {
      await open([MATH_TUTOR]);
      await filter().fill('sesion:x');
      expect(await page.locator('header').textContent()).toContain(
        'There is no term “sesion:”. Did you mean “session:”?',
      );
      expect(await accessFindings(page)).toEqual([]);
      await filter().fill('session:x');
      expect(await page.locator('header').textContent()).not.toContain('no term');
    });

    it('finds all errors, which the list shows in steps, and shows their number', async () => {
      const children = Array.from({ length: 20 }, (_, i) => ({ name: `call ${i}`, error: i % 2 === 0 }));
      await open([{ name: 'many', children }, MATH_TUTOR]);
      const errors = page.getByRole('region', { name: 'Errors' }).getByRole('listitem');
      expect(await errors.count()).toBe(6);
      await page.getByRole('button', { name: 'Show more errors (4)' }).click();
      expect(await errors.count()).toBe(10);
      await filter().fill('error:');
      expect(await rows()).toHaveLength(11);
      expect(await page.getByRole('status').textContent()).toBe('10 spans in 1 trace');
    });

    it('that hides the open trace for a while leaves the reader in it', async () => {
      await open([MATH_TUTOR, FAILED], { width: 800 });
      await listed(/^thread/).click();
      await row('code_interpreter').click();
      await page.getByRole('button', { name: 'Timeline', exact: true }).click();
      await press('/');
      await page.keyboard.type('ticket');
      expect(await rows()).toContain('answer ticket');
      for (const _ of 'ticket') await press('Backspace');
      expect(await rows()).toContain('execute_tool code_interpreter');
      expect(await filter().evaluate((it) => it.matches(':focus'))).toBe(true);
      expect(await openTab()).toBe('Timeline');
    });

    it('finds spans by an id that is clicked', async () => {
      await open([MATH_TUTOR]);
      await page.getByRole('treeitem').last().click();
      await panel().getByRole('button', { name: 'step_2' }).click();
      expect(await filter().inputValue()).toBe('step_2');
      expect(await rows()).toEqual(['thread', 'invoke_agent Math Tutor', 'chat gpt-4o-mini']);
    });
  });

  it('a click expands or collapses a span without selecting it', async () => {
    await open([MATH_TUTOR]);
    const toggle = row('invoke_agent').locator('.toggle');
    await toggle.click();
    expect(await rows()).toEqual(['thread', 'invoke_agent Math Tutor']);
    await toggle.click();
    expect(await rows()).toHaveLength(5);
    expect(await selected().count()).toBe(0);
    expect(await openTab()).toBe('Conversation');
  });

  describe('without room beside the timeline', () => {
    it.each([400, 800])(
      'a press on a span shows it at once on %d pixels, and going back shows the timeline where it was',
      async (width) => {
        const children = Array.from({ length: 80 }, (_, i) => ({ name: `span ${i}`, start: i, end: i + 1 }));
        await open([{ name: 'program', end: 80, children }], { width });
        const before = page.url();
        const span = row('span 70');
        const heading = page.getByRole('heading', { name: 'span 70' });
        for (const back of [
          () => page.goBack(),
          () => page.getByRole('button', { name: 'Timeline', exact: true }).click(),
        ]) {
          await page.evaluate(() => scrollTo(0, 1e6));
          await span.click();
          await heading.waitFor();
          expect(await openTab()).toBe('Span');
          expect((await heading.boundingBox())?.y).toBeLessThan(400);
          expect(page.url()).not.toBe(before);
          await back();
          await heading.waitFor({ state: 'hidden' });
          expect(await openTab()).toBe('Timeline');
          await expect.poll(async () => (await span.boundingBox())?.y).toBeGreaterThan(0);
          expect((await span.boundingBox())?.y).toBeLessThan(900);
        }
        await page.goBack();
        await selected().waitFor({ state: 'detached' });
        await expect.poll(() => page.url()).not.toContain('span=');
      },
    );

    it('the timeline, the conversation and the span are tabs', async () => {
      await open([MATH_TUTOR], { width: 800 });
      expect(await openTab()).toBe('Timeline');
      await page.getByRole('button', { name: 'Conversation', exact: true }).click();
      expect(await page.getByRole('tree').isVisible()).toBe(false);
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.getByRole('tree').waitFor();
      expect(await page.locator('.tabs button').allTextContents()).toEqual(['Conversation', 'Span']);
    });
  });

  describe('a link', () => {
    async function follow(link: string): Promise<void> {
      await page.goto('about:blank');
      await page.goto(link);
    }

    it('leads to a span of a trace', async () => {
      await open([MATH_TUTOR, FAILED]);
      await listed(/^thread/).click();
      await row('code_interpreter').click();
      expect(page.url()).toMatch(/#trace=\w+&span=\w+$/);
      await follow(page.url());
      expect(await selected().textContent()).toContain('code_interpreter');
      expect(await page.title()).toBe('thread · OpenAI traces');
    });

    it('leads to the open tab, until another span is selected', async () => {
      await open([MATH_TUTOR]);
      await row('code_interpreter').click();
      await page.getByRole('button', { name: 'Conversation', exact: true }).click();
      await follow(page.url());
      expect(await openTab()).toBe('Conversation');
      expect(await selected().textContent()).toContain('code_interpreter');
      await row('invoke_agent').click();
      expect(await openTab()).toBe('Span');
    });

    it('to a trace that is not there says so', async () => {
      await open([MATH_TUTOR, FAILED]);
      const id = await page.getByRole('treeitem').first().getAttribute('id');
      await follow(`${page.url()}#trace=gone&span=${id?.replace('span-', '')}`);
      const missing = page.getByText('The trace that the address names is not here');
      await missing.waitFor();
      expect(await page.getByRole('treeitem').count()).toBeGreaterThan(0);
      // A span of another trace with the same id is another span.
      expect(await selected().count()).toBe(0);
      await page.getByRole('navigation').getByRole('listitem').getByRole('button').first().click();
      expect(await missing.isVisible()).toBe(false);
    });
  });

  describe('a tool call', () => {
    const call = { type: 'tool_call', id: 'call_1', name: 'find', arguments: { id: 7 } };
    const response = { type: 'tool_call_response', id: 'call_1', response: 'in Hamburg' };
    const question = said('user', 'Where is it?');
    const tool = {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'find',
      'gen_ai.tool.call.id': 'call_1',
    };
    const answered = JSON.stringify([
      question,
      { role: 'assistant', parts: [call] },
      { role: 'tool', parts: [response] },
    ]);
    const ran = { 'openai.trace.input': '[{"id":7}]', 'openai.trace.output': '"in Hamburg"' };
    const AGENT: SpanPlan = {
      name: 'answer',
      attributes: { 'openai.trace.input': '["Where is it?"]', 'openai.trace.output': '"In Hamburg"' },
      children: [
        chat(
          {
            'gen_ai.input.messages': JSON.stringify([question]),
            'gen_ai.output.messages': messages('assistant', call),
          },
          { name: 'chat first' },
        ),
        {
          name: 'execute_tool find',
          start: 1,
          attributes: tool,
          children: [{ name: 'find', start: 1, attributes: ran, children: [{ name: 'GET', start: 1 }] }],
        },
        chat(
          {
            'gen_ai.input.messages': answered,
            'gen_ai.output.messages': messages('assistant', text('In Hamburg')),
          },
          { name: 'chat second', start: 2 },
        ),
      ],
    };
    const link = (name: string): Locator => panel().getByRole('button', { name, exact: true });

    it('is one row with its function, and shows what went in and out', async () => {
      await open([AGENT]);
      expect(await rows()).toEqual(['answer', 'chat first', 'execute_tool find', 'GET', 'chat second']);
      const previews = page.getByRole('treeitem').locator('.preview');
      expect(await previews.nth(0).textContent()).toBe('"Where is it?" → "In Hamburg"');
      expect(await previews.nth(2).textContent()).toBe('{"id":7} → "in Hamburg"');
      expect(linesOf(await panel('Conversation').getByRole('listitem').first().innerText())).toEqual([
        ...['Function answer', 'Arguments', 'Where is it?', 'Result', 'In Hamburg', 'answer', '0 ms'],
      ]);
      await row('answer').click();
      expect(linesOf(await panel().locator('.stack .stack').first().innerText())).toEqual([
        ...['Arguments', 'Where is it?', 'Result', 'In Hamburg'],
      ]);
    });

    it('leads to its result, and to the message that used it, and back', async () => {
      await open([AGENT]);
      await row('chat first').click();
      await link('execute_tool find').click();
      expect(await selected().textContent()).toContain('execute_tool find');
      expect(await panel().locator('.links').innerText()).toMatch(
        /Requested by\s+chat first\s+Result used by\s+chat second/,
      );
      await link('chat second').click();
      expect(await panel().locator('.speaker').allTextContents()).toContain('Tool find');
      await link('execute_tool find').click();
      await link('chat first').click();
      expect(await selected().textContent()).toContain('chat first');
      expect(await accessFindings(page)).toEqual([]);
    });

    it('leads to its neighbors even if its id and content are not recorded', async () => {
      const bare = AGENT.children?.map(
        ({ attributes: { 'gen_ai.operation.name': operation } = {}, ...plan }) => ({
          ...plan,
          attributes: { 'gen_ai.operation.name': operation as string },
        }),
      );
      await open([{ name: 'answer', children: bare ?? [] }]);
      await row('execute_tool find').click();
      await link('chat second').click();
      expect(await selected().textContent()).toContain('chat second');
    });

    it('is marked in the conversation, which scrolls to the selected span and stays open for its links', async () => {
      const before = Array.from({ length: 120 }, (_, i) =>
        chat({ 'gen_ai.output.messages': messages('assistant', text(`Answer ${i}`)) }, { start: -200 + i }),
      );
      await open([{ ...AGENT, start: -200, children: [...before, ...(AGENT.children ?? [])] }]);
      await page.keyboard.press('c');
      await page.keyboard.press('c');
      await row('execute_tool find').click();
      await page.getByRole('button', { name: 'Conversation' }).click();
      const marked = panel('Conversation').locator('[aria-current]');
      const isVisible = (): Promise<boolean> =>
        marked.evaluate((each) => {
          const { top, bottom } = each.getBoundingClientRect();
          return top >= 0 && bottom <= innerHeight;
        });
      expect(await marked.innerText()).toContain('Tool find');
      expect(await isVisible()).toBe(true);
      await marked.getByRole('button', { name: 'chat second' }).click();
      expect(await openTab()).toBe('Conversation');
      expect(await marked.innerText()).toContain('In Hamburg');
      expect(await isVisible()).toBe(true);
      await marked.getByRole('button', { name: 'execute_tool find' }).click();
      expect(await marked.innerText()).toContain('Tool find');
    });

    it('is offered and set up as the panel says', async () => {
      const definitions = JSON.stringify([{ type: 'function', name: 'find', description: 'Finds parcels' }]);
      const attributes = {
        'gen_ai.tool.definitions': definitions,
        'gen_ai.request.temperature': 0.2,
        'gen_ai.request.reasoning.level': 'high',
        'gen_ai.request.max_tokens': 500,
        'gen_ai.request.stream': true,
        'gen_ai.request.previous_response.id': 'resp_1',
        'gen_ai.output.type': 'json',
        'openai.request.body': '{"tool_choice":"auto"}',
        'gen_ai.prompt.name': 'parcels',
        'gen_ai.prompt.version': 'v2',
        'user.id': 'user_7',
        'openai.trace.tags': ['beta', 'eu'],
      };
      await open([chat(attributes)]);
      await row('chat').click();
      expect((await panel().locator('.facts > div').allInnerTexts()).map((fact) => fact.split('\n'))).toEqual(
        [
          ['Duration', '0 ms'],
          ['Prompt', 'parcels v2'],
          ['User', 'user_7'],
          ['Tags', 'beta, eu'],
          ['Starts after', '0 ms'],
          ['Critical path', 'the end waited for it'],
          ['Temperature', '0.2'],
          ['Effort', 'high'],
          ['Max tokens', '500'],
          ['Format', 'json'],
          ['Tool choice', 'auto'],
        ],
      );
      await panel().getByText('1 tool offered: find').click();
      await panel().locator('.code', { hasText: 'Finds parcels' }).waitFor();
    });
  });

  describe('a bar', () => {
    it.each([1440, 800, 400])('is never shorter than one below it, on %d pixels', async (width) => {
      const children = [{ name: 'inner', start: 1, end: 99 }];
      await open([{ name: 'outer', end: 100, attributes: tokens(1_000_000, 1_000_000), children }], {
        width,
      });
      const places = await page.locator('.row').evaluateAll((all) =>
        all.map((each) => {
          const [bar, time] = ['.bar', '.time'].map((part) =>
            each.querySelector(part)?.getBoundingClientRect(),
          );
          if (bar === undefined || time === undefined) throw new Error('There is no bar or no time.');
          const beside = bar.right <= time.left || bar.left >= time.right;
          return { width: bar.width, isCovered: !beside && bar.bottom > time.top && bar.top < time.bottom };
        }),
      );
      const [outer, inner] = places;
      expect((inner?.width ?? 0) / (outer?.width ?? 1)).toBeCloseTo(0.98, 1);
      expect(places.map(({ isCovered }) => isCovered)).toEqual([false, false]);
    });

    /** What a bar is made of: each part, its color, and its place on the axis. */
    const partsOf = (name: string): Promise<string[]> =>
      row(name)
        .locator('.track > *')
        .evaluateAll((all) =>
          all.map((each) => {
            const { style } = each as HTMLElement;
            const place = [style.left, style.width].map((size) => Math.round(Number.parseFloat(size)));
            const color = style.getPropertyValue('--type');
            return [each.className, ...(color === '' ? [] : [color]), ...place].join(' ');
          }),
        );
    it('has a mark for the first chunk, and the color of an error', async () => {
      const first = { 'gen_ai.response.time_to_first_chunk': 0.005 };
      const children = [
        chat(first, { name: 'chat a', start: 10, end: 40 }),
        chat({}, { name: 'chat b', start: 20, end: 30, error: true }),
      ];
      await open([{ name: 'run', end: 100, children }]);
      expect((await partsOf('chat a')).slice(0, 2)).toEqual(['bar 10 30', 'first var(--card) 15 0']);
      expect(await partsOf('chat b')).toEqual(['bar var(--bad) 20 10']);
    });
  });

  it('the span of a run has its status, and totals apart from numbers of its own', async () => {
    await open([MATH_TUTOR]);
    await row('invoke_agent').click();
    const facts = (await panel().locator('.facts > div').allInnerTexts()).map((fact) => fact.split('\n'));
    expect(facts).toEqual([
      ['Duration', '6.31 s'],
      ['Model', 'gpt-4o-mini'],
      ['Run', 'completed'],
      ['Total tokens', '381 → 88'],
      ['Starts after', '1.00 s'],
      ['Critical path', 'the end waited for it'],
    ]);
  });

  describe('the span of a model call', () => {
    async function openAnswer(content: string, more: SpanPlan['attributes'] = {}): Promise<void> {
      const attributes = {
        'gen_ai.response.model': 'gpt-4o-2024',
        ...tokens(1200, 34),
        'gen_ai.usage.cache_read.input_tokens': 1000,
        'gen_ai.usage.reasoning.output_tokens': 20,
        'gen_ai.response.time_to_first_chunk': 0.25,
        'gen_ai.response.finish_reasons': ['stop'],
        'openai.cost': 0.02,
        'gen_ai.input.messages': JSON.stringify([said('user', 'First'), said('user', 'Second')]),
        'gen_ai.output.messages': messages('assistant', text(content)),
        ...more,
      };
      await open([chat(attributes, { end: 2000 })]);
      await page.getByRole('treeitem').click();
    }
    const markdown = (): Locator => panel().locator('.md').last();

    it('reads like an answer: facts, then messages, then attributes, folded', async () => {
      await openAnswer('Fine');
      const facts = (await panel().locator('.facts > div').allInnerTexts()).map((fact) => fact.split('\n'));
      expect(facts).toEqual([
        ['Duration', '2.00 s'],
        ['Model', 'gpt-4o-2024'],
        ['Tokens', '1,200 → 34'],
        ['Cached', '1,000'],
        ['Reasoning', '20'],
        ['Cost', '$0.020'],
        ['First chunk', '250 ms'],
        ['Finish', 'stop'],
        ['Starts after', '0 ms'],
        ['Critical path', 'the end waited for it'],
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
      const asked = Array.from({ length: 60 }, (_, i) => said('user', `Question ${i}`));
      await openAnswer('Fine', {
        'gen_ai.system_instructions': JSON.stringify([text('Be brief.')]),
        'gen_ai.input.messages': JSON.stringify(asked),
      });
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
      await panel().getByRole('button', { name: 'Show all' }).click();
      expect(await panel().locator('.md em').count()).toBe(50);
      expect(await markdown().textContent()).toBe(`${'a '.repeat(4899)}b`);
    });

    it('shows Markdown, code and tables', async () => {
      await openAnswer(
        '# Title\n**bold** *soft* `code` [site](https://example.com/x)\n\n- one\n- two\n\n1. first\n\n> quoted\n\n```js\nconst a = 1; // one\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |',
      );
      const parts = ['strong', 'em', 'ul li', 'ol li', 'blockquote', 'pre', 'td'];
      expect(await Promise.all(parts.map((part) => markdown().locator(part).allTextContents()))).toEqual([
        ['bold'],
        ['soft'],
        ['one', 'two'],
        ['first'],
        ['quoted'],
        ['const a = 1; // one'],
        ['1', '2'],
      ]);
      const link = markdown().getByRole('link', { name: 'site' });
      expect(await link.getAttribute('rel')).toContain('noreferrer');
      expect(await link.getAttribute('target')).toBe('_blank');
    });

    it('keeps the numbers of a list within which there are others', async () => {
      await openAnswer('1. one\n   - a\n   - b\n2. two\n\nThen:\n\n9. nine\n10. ten\n    - c');
      const items = markdown().locator('li');
      const shown = await items.evaluateAll((all) =>
        all.map((each) => {
          const isNumbered = getComputedStyle(each).listStyleType === 'decimal';
          return `${isNumbered ? `${(each as HTMLLIElement).value}.` : '-'} ${each.firstChild?.textContent}`;
        }),
      );
      expect(shown).toEqual(['1. one', '- a', '- b', '2. two', '9. nine', '10. ten', '- c']);
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
      const made = page.locator('img, svg:not(.minimap > svg), iframe, script, style:not(head style)');
      expect(await made.count()).toBe(0);
      const links = await page.locator('a').evaluateAll((all) =>
        all.map((each) => ({
          target: each.getAttribute('href') ?? '',
          handlers: each.getAttributeNames().filter((name) => name.startsWith('on')),
        })),
      );
      for (const { target, handlers } of links)
        expect([target, handlers]).toEqual([expect.stringMatching(/^https?:\/\//), []]);
    });
  });

  const MARKS = [
    ...['[', '`', '*', '**', '|', '- ', '> ', '#', '![', '](', '"', "'", '/*', '|-', '\\\\'],
    ...['https://(.', '[a](('],
  ];
  it.each([
    ...[1, 2].map((half) => [
      `thousands of the same mark, ${half} of 2`,
      MARKS.filter((_, i) => i % 2 === half - 1).flatMap((mark) => [
        mark.repeat(19_000 / mark.length),
        `\`\`\`\n${mark.repeat(18_000 / mark.length)}`,
      ]),
    ]),
    ['a line below the heads of a table', Array(50).fill(`| a |\n${' '.repeat(19_900)}x`)],
    ['an item', Array(50).fill(`- ${' '.repeat(19_900)}a\u2028x`)],
    ['a heading', Array(50).fill(`# ${' '.repeat(19_900)}a\u2028x`)],
  ] as [string, string[]][])('%s is read in linear time', async (_, texts) => {
    // In quadratic time, the answers take minutes.
    const children = texts.map((each, i) => {
      const answers = Array.from({ length: 4 }, () => said('assistant', each));
      return chat({ 'gen_ai.output.messages': JSON.stringify(answers) }, { start: i, end: i + 1 });
    });
    await open([{ name: 'all', start: 0, end: 100, children }]);
    await row('all').waitFor();
    await page.locator('.chat .md').first().waitFor();
  });

  describe('works without a mouse', () => {
    it('by the keys of a tree view', async () => {
      await open([MATH_TUTOR]);
      await page.getByRole('treeitem').first().focus();
      const steps: [keys: string[], name: string][] = [
        [['ArrowDown', 'ArrowDown'], 'chat gpt-4o-mini'],
        [['ArrowLeft'], 'invoke_agent Math Tutor'],
        [['ArrowLeft'], 'invoke_agent Math Tutor'],
        [['ArrowRight'], 'invoke_agent Math Tutor'],
        [['ArrowRight', 'ArrowDown'], 'execute_tool code_interpreter'],
        [['End'], 'chat gpt-4o-mini'],
        [['Home', 'Enter'], 'thread'],
      ];
      const counts: number[] = [];
      for (const [keys, name] of steps) {
        await press(...keys);
        expect(await focused()).toBe(name);
        counts.push((await rows()).length);
      }
      expect(counts).toEqual([5, 5, 2, 5, 5, 5, 5]);
      expect(await openTab()).toBe('Span');
      expect(await panel().getByRole('heading').textContent()).toBe('thread');
    });

    it('with one tab stop for the tree, in page order', async () => {
      await open([FAILED]);
      const stops: string[] = [];
      for (let i = 0; i < 12; i++) {
        await press('Tab');
        stops.push(
          await page.evaluate(
            () => document.activeElement?.getAttribute('role') ?? document.activeElement?.tagName ?? '',
          ),
        );
      }
      expect(stops).toEqual([
        // The filter, the list of keys, both ways to save the trace, and the error.
        ...['INPUT', 'BUTTON', 'BUTTON', 'BUTTON', 'BUTTON'],
        // Above the timeline: zoom, and collapse or expand.
        ...['BUTTON', 'BUTTON'],
        // What can be dragged can be moved by keys.
        ...['separator', 'treeitem', 'separator', 'BUTTON', 'BUTTON'],
      ]);
      await press('Enter');
      expect(await openTab()).toBe('Span');
    });

    it('by keys of its own', async () => {
      await open([FAILED]);
      await press('n');
      expect(await selected().textContent()).toContain('rate_limit_exceeded');
      await press('/');
      expect(await filter().evaluate((it) => it.matches(':focus'))).toBe(true);
    });

    it('by the names and roles that a screen reader announces', async () => {
      await open([FAILED, { ...MATH_TUTOR, start: -90_000 }]);
      expect(await page.getByRole('navigation').ariaSnapshot()).toContain(
        'button "answer ticket Where is it? 12-31 23:59 2.00 s $0.0012 1"',
      );
      expect(await page.getByRole('tree').ariaSnapshot()).toBe(
        [
          '- tree "Spans, in order of time":',
          '  - treeitem "answer ticket $0.0012 2.00 s" [expanded] [level=1]',
          '  - treeitem "chat gpt-4o rate_limit_exceeded \\"On its way\\" $0.0012 1.00 s" [expanded] [level=2]',
          '  - treeitem "attempt error 500 ms" [level=3]',
        ].join('\n'),
      );
      for (const role of ['banner', 'search', 'navigation', 'main'] as const)
        expect(await page.getByRole(role).count(), role).toBe(1);
      const nameless = await page
        .locator('button, input')
        .evaluateAll((all) => all.filter((each) => !each.textContent && !each.closest('label')).length);
      expect(nameless).toBe(0);
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
    const everywhere = (hostile: string): SpanPlan => {
      const call = { type: 'tool_call', id: hostile, name: hostile, arguments: hostile };
      const attributes = {
        'error.type': hostile,
        'openai.thread.id': hostile,
        'openai.run.id': hostile,
        'gen_ai.request.model': hostile,
        'deployment.environment.name': hostile,
        'openai.trace.project': hostile,
        [hostile]: hostile,
        'gen_ai.system_instructions': JSON.stringify([{ type: hostile, content: hostile }]),
        'gen_ai.input.messages': messages(hostile, text(hostile), { type: hostile }),
        'gen_ai.output.messages': messages('assistant', call),
      };
      const below = { 'gen_ai.operation.name': 'invoke_agent', 'openai.run.status': hostile };
      return chat(attributes, {
        name: hostile,
        error: true,
        children: [{ name: hostile, attributes: below }],
      });
    };

    it('in every place of the page', async () => {
      await open(HOSTILE.map(everywhere));
      const entries = page.getByRole('navigation').locator('li > :first-child');
      expect(await entries.count()).toBe(HOSTILE.length);
      for (const entry of await entries.all()) {
        await entry.click();
        for (const each of await page.getByRole('treeitem').all()) await each.click();
        for (const tab of await page.locator('.tabs button').all()) await tab.click();
      }
      // Nothing in the page but what the page makes: its one style, and its data and script are gone by now.
      expect(await page.locator('img, svg:not(.minimap > svg), iframe, object, link, a').count()).toBe(0);
      expect(await page.locator('style').count()).toBe(1);
      expect(await page.locator('script').count()).toBe(0);
      expect(await page.locator('body').textContent()).not.toMatch(/[\u202e\u2066]/);
      await listed(/^<img src/).click();
      const heading = page.getByRole('region', { name: 'Trace' }).getByRole('heading');
      expect(await heading.textContent()).toBe('<img src=x onerror=alert(1)>');
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
      const blocked = pages.offences
        .splice(0)
        .map((each) => each.replace(/^(request|Executing inline \w+|Loading the \w+).*/s, '$1'));
      expect(blocked).toEqual([
        'Executing inline script',
        'Executing inline event',
        'Loading the image',
        'request',
      ]);
    });

    it('of any length, depth or number', async () => {
      const long = 'word '.repeat(1e6);
      let deep: SpanPlan = { name: 'deepest' };
      for (let i = 0; i < 300; i++) deep = { name: `level ${i}`, children: [deep] };
      const many = Array.from({ length: 2500 }, (_, i) => ({ name: `span ${i}`, start: i, end: i + 5 }));
      const content = { 'gen_ai.input.messages': messages('user', text(long.slice(0, 99_000))), huge: long };
      await open([chat(content, { name: long, end: 2600, children: [deep, ...many] })]);
      // A limited number of rows is on the page at once.
      expect(await page.getByRole('treeitem').count()).toBe(300);
      await page.getByRole('button', { name: 'Rows after (2,202)' }).click();
      expect(await focused()).toBe('span 298');
      await page.getByRole('button', { name: 'Rows before (300)' }).click();
      expect(await focused()).toBe('span 297');
      await press('End');
      expect(await focused()).toBe('span 2499');
      expect(await page.getByRole('treeitem').count()).toBe(102);
      await page.getByRole('button', { name: /^Show all 99,000 characters/ }).click();
      expect(await page.locator('.chat .text').first().textContent()).toHaveLength(99_000);
    });

    it('with many traces', async () => {
      page = await pages.openSpans(Array.from({ length: MANY }, (_, i) => rawSpan(i)));
      const nav = page.getByRole('navigation');
      expect(await nav.getByRole('listitem').count()).toBeLessThan(100);
      const entry = (index: number): Locator => listed(new RegExp(`^span ${index} `));
      expect(await entry(MANY - 51).count()).toBe(0);
      await listed('Show more (9,950)').click();
      await entry(MANY - 51).waitFor();
      expect(await rows()).toEqual([`span ${MANY - 1}`]);
      await filter().fill(`span ${MANY - MAX_TRACES}`);
      await entry(MANY - MAX_TRACES).waitFor();
      await filter().fill(`span ${MANY - MAX_TRACES - 1}`);
      await expect.poll(rows).toEqual([]);
      expect(await page.locator('header').textContent()).toContain('120,000 spans did not fit');
    });
  });
});
