import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { accessFindings } from '../../test/support/axe.ts';
import { NO_BROWSER } from '../../test/support/browser.ts';
import { linesOf, usePage } from './opened-page.ts';
import { chat, type SpanPlan, said, tokens } from './spans.ts';

const json = (...messages: readonly object[]): string => JSON.stringify(messages);
const asked = (text: string): object => said('user', text);
const answered = (text: string): object => said('assistant', text);

/** A request of a program whose calls send the history again. */
function request(start: number, input: string, output: string, conversation = 'conv_1'): SpanPlan {
  const attributes = {
    'gen_ai.conversation.id': conversation,
    'user.id': 'ann',
    'openai.cost': 0.01,
    ...tokens(100, 10),
    'gen_ai.input.messages': input,
    'gen_ai.output.messages': output,
  };
  return {
    name: `POST ${start}`,
    start,
    end: start + 50,
    children: [chat(attributes, { start, end: start + 50 })],
  };
}

const [Q1, A1, Q2, A2, Q3, A3] = ['One?', 'First.', 'Two?', 'Second.', 'Three?', 'Third.'] as const;
const REQUESTS: readonly SpanPlan[] = [
  request(0, json(asked(Q1)), json(answered(A1))),
  request(1_000, json(asked(Q1), answered(A1), asked(Q2)), json(answered(A2))),
  request(2_000, json(asked(Q1), answered(A1), asked(Q2), answered(A2), asked(Q3)), json(answered(A3))),
  request(3_000, json(asked('Other?')), json(answered('Yes.')), 'conv_12'),
];

describe.skipIf(NO_BROWSER !== undefined)('a conversation over many traces', () => {
  const { open } = usePage();
  let page: Page;
  const filter = (): Locator => page.getByRole('combobox', { name: 'Filter' });
  const conversation = (): Locator => page.getByRole('region', { name: 'Conversation', exact: true });
  const texts = async (): Promise<string[]> =>
    linesOf(await conversation().innerText()).filter((line) => /^POST|[?.]$/.test(line));

  it('is shown for its id, the oldest trace first, with its totals', async () => {
    page = await open(REQUESTS);
    await page
      .getByRole('navigation')
      .getByRole('button', { name: /^POST 2000/ })
      .click();
    await page.getByRole('treeitem', { name: 'chat' }).click();
    await page.getByRole('region', { name: 'Span' }).getByRole('button', { name: 'conv_1' }).click();
    expect(await filter().inputValue()).toBe('conversation="conv_1"');
    expect(await texts()).toEqual(['POST 0', Q1, A1, 'POST 1000', Q2, A2, 'POST 2000', Q3, A3]);
    const totals = page.getByRole('region', { name: 'Totals of the conversation' });
    expect((await totals.locator('dl > div').allInnerTexts()).map((fact) => fact.split('\n'))).toEqual([
      ['Traces', '3'],
      ['First', '2026-01-01 00:00:00 UTC'],
      ['Last', '2026-01-01 00:00:02 UTC'],
      ['Cost', '$0.030'],
      ['Tokens', '300 → 30'],
      ['Errors', '0'],
    ]);
    expect(await accessFindings(page)).toEqual([]);
    await conversation().getByRole('button', { name: 'POST 1000' }).click();
    expect(await page.getByRole('region', { name: 'Trace' }).getByRole('heading').textContent()).toBe(
      'POST 1000',
    );
    await page.getByRole('button', { name: 'Conversation of 3 traces' }).click();
    // A span leads to its trace.
    await conversation().getByRole('button', { name: 'chat gpt-4o' }).first().click();
    expect(await page.getByRole('treeitem', { selected: true }).count()).toBe(1);
    expect(await page.getByRole('region', { name: 'Trace' }).getByRole('heading').textContent()).toBe(
      'POST 0',
    );
    expect(await filter().inputValue()).toBe('conversation="conv_1"');
    await filter().fill('');
    expect(await conversation().getByRole('button', { name: 'POST' }).count()).toBe(0);
  });

  it.each([400, 1000])('is shown for a term of the filter, also %i pixels wide', async (width) => {
    page = await open(REQUESTS, { width });
    await filter().fill('conversation:conv_1');
    expect(await texts()).toEqual(['POST 0', Q1, A1, 'POST 1000', Q2, A2, 'POST 2000', Q3, A3]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    expect(await accessFindings(page)).toEqual([]);
    await filter().fill('user:ann');
    expect((await texts()).slice(-3)).toEqual(['POST 3000', 'Other?', 'Yes.']);
  });

  it('finds the messages that the API keeps in earlier traces', async () => {
    const respond = (
      start: number,
      id: string,
      question: string,
      answer: string,
      previous?: string,
    ): SpanPlan => {
      const attributes = {
        'gen_ai.response.id': id,
        ...(previous !== undefined && { 'gen_ai.request.previous_response.id': previous }),
        'gen_ai.input.messages': json(asked(question)),
        'gen_ai.output.messages': json(answered(answer)),
      };
      return { name: `POST ${start}`, start, children: [chat(attributes, { start })] };
    };
    page = await open([
      respond(0, 'resp_1', Q1, A1),
      respond(1_000, 'resp_2', Q2, A2, 'resp_1'),
      respond(2_000, 'resp_3', Q3, A3, 'resp_2'),
    ]);
    expect(await texts()).toEqual([Q3, A3]);
    await conversation().getByText('4 earlier messages, kept by the API').click();
    expect(await texts()).toEqual([Q1, A1, Q2, A2, Q3, A3]);
    await page
      .getByRole('navigation')
      .getByRole('button', { name: /^POST 0/ })
      .click();
    expect(await conversation().getByText('earlier').count()).toBe(0);
  });
});
