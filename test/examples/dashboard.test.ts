import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { beforeEach, describe, expect, it } from 'vitest';
import { readDashboard } from '../../scripts/e2e/dashboard.ts';
import { recordApiUsage } from '../support/api-usage.ts';
import { answerTraceQl, findByTraceQl } from '../support/traceql.ts';
import { startTutor } from '../support/tutor.ts';

/** In USD for a million tokens, so that every cost is an exact number. */
const CONFIG = {
  cost: { calcPrice: () => undefined },
  prices: { 'gpt-4o*': { input_mtok: 1, output_mtok: 4 } },
};

const dashboard = readDashboard();

/** The queries of a panel, with its variables at their defaults. */
function queriesOf(title: string, row?: string): string[] {
  const panels = dashboard.panels.slice(row === undefined ? 0 : indexOf(row));
  const panel = panels.find((one) => one.title === title);
  return (panel?.targets ?? []).map(({ query = '' }) => query.replaceAll(/\$\w+/g, '.*'));
}

function indexOf(row: string): number {
  return dashboard.panels.findIndex(({ type, title }) => type === 'row' && title === row);
}

function sumOf(query: string | undefined, spans: readonly ReadableSpan[]): number {
  return answerTraceQl(query ?? '', spans).reduce((sum, { value }) => sum + value, 0);
}

describe('what the panels of the dashboard say of a program', () => {
  let spans: readonly ReadableSpan[] = [];
  let reported = { input_tokens: 0, output_tokens: 0 };

  beforeEach(async () => {
    const apiUsage = recordApiUsage();
    const tutor = await startTutor({
      runs: [
        { steps: [{ tools: [{ function: { name: 'get_x', arguments: '{}' } }] }, { message: 'x is 1' }] },
        { steps: [{ tools: [{ codeInterpreter: { input: '1 + 1' } }] }, { message: '2' }] },
      ],
      config: CONFIG,
      client: { fetch: apiUsage.fetch },
    });
    const { client, simulator, assistantId, threadId } = tutor;
    const { runs } = client.beta.threads;
    await tutor.inSpan(async () => {
      const run = await runs.createAndPoll(threadId, { assistant_id: assistantId }, { pollIntervalMs: 1 });
      const [call] = run.required_action?.submit_tool_outputs.tool_calls ?? [];
      await runs.submitToolOutputsAndPoll(
        run.id,
        { thread_id: threadId, tool_outputs: [{ tool_call_id: call?.id ?? '', output: '1' }] },
        { pollIntervalMs: 1 },
      );
      await runs.createAndPoll(threadId, { assistant_id: assistantId }, { pollIntervalMs: 1 });
    });
    simulator.respond({ output: [{ webSearch: { query: 'x' } }, { message: 'x' }] });
    const conversation = await client.conversations.create();
    await tutor.inSpan(() =>
      client.responses.create({ model: 'gpt-4o-mini', input: 'x', conversation: conversation.id }),
    );
    simulator.next({ when: { path: /models/ }, status: 404 });
    simulator.next({ when: { path: /chat/ }, status: 400 });
    await client.models.retrieve('none').catch(() => undefined);
    await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [] }).catch(() => undefined);
    await tutor.telemetry.provider.shutdown();
    ({ spans } = tutor.telemetry);
    reported = await apiUsage.total();
  });

  it('sum the tokens of all conversations to what the API said', () => {
    const [input, output] = queriesOf('Tokens of the ten largest conversations');
    expect(sumOf(input, spans)).toBe(reported.input_tokens);
    expect(sumOf(output, spans)).toBe(reported.output_tokens);
    expect(answerTraceQl(input ?? '', spans)).toHaveLength(2);
  });

  it('sum the cost of all conversations to what those tokens cost', () => {
    const [cost] = queriesOf('Cost of the ten most expensive conversations');
    expect(sumOf(cost, spans)).toBeCloseTo(
      reported.input_tokens / 1e6 + (reported.output_tokens * 4) / 1e6,
      12,
    );
  });

  it('sum cost and tokens of an agent to what its runs say', () => {
    const runs = spans.filter((span) => span.attributes['gen_ai.operation.name'] === 'invoke_agent');
    const total = (name: string): number =>
      runs.reduce((sum, { attributes }) => sum + Number(attributes[name]), 0);
    expect(sumOf(queriesOf('Output tokens')[0], spans)).toBe(total('openai.total.output_tokens'));
    expect(sumOf(queriesOf('Cost', 'By agent')[0], spans)).toBeCloseTo(total('openai.total.cost'), 12);
    expect(total('openai.total.cost')).toBeGreaterThan(0);
  });

  it('count every tool call, also those of no agent', () => {
    const tools = answerTraceQl(queriesOf('Tool calls')[0] ?? '', spans);
    expect(tools.map(({ by, value }) => [...by, value])).toEqual(
      expect.arrayContaining([
        ['get_x', 1],
        ['code_interpreter', 1],
        ['web_search', 1],
      ]),
    );
  });

  it('show every error, including those of requests that the conventions do not define as operations', () => {
    const [query = ''] = queriesOf('Errors');
    const found = findByTraceQl(query, spans).map(({ name }) => name);
    expect(found.toSorted()).toEqual(['GET /models/{model}', 'chat gpt-4o-mini']);
  });

  it('show whole traces: Tempo leaves all but three spans of each out of a table by default', () => {
    const tables = dashboard.panels.filter(({ type }) => type === 'table');
    for (const { targets = [] } of tables)
      for (const target of targets) expect(target).toHaveProperty('spss', 100);
  });
});
