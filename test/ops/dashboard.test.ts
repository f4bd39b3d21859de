import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { expect, it } from 'vitest';
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

/** The spans of a program with two conversations, errors and tools, and the usage that the API reported. */
async function runProgram(): Promise<{
  spans: readonly ReadableSpan[];
  reported: { input_tokens: number; output_tokens: number };
}> {
  const apiUsage = recordApiUsage();
  const tutor = await startTutor({
    runs: [
      { steps: [{ tools: [{ function: { name: 'get_x', arguments: '{}' } }] }, { message: 'x is 1' }] },
      { steps: [{ tools: [{ codeInterpreter: { input: '1 + 1' } }] }, { message: '2' }] },
    ],
    config: CONFIG,
    client: { fetch: apiUsage.fetch },
  });
  const { client, simulator, assistantId: assistant_id, threadId: thread_id } = tutor;
  const { runs } = client.beta.threads;
  const polling = { pollIntervalMs: 1 };
  await tutor.inSpan(async () => {
    const { id, required_action } = await runs.createAndPoll(thread_id, { assistant_id }, polling);
    const [call] = required_action?.submit_tool_outputs.tool_calls ?? [];
    const tool_outputs = [{ tool_call_id: call?.id ?? '', output: '1' }];
    await runs.submitToolOutputsAndPoll(id, { thread_id, tool_outputs }, polling);
    await runs.createAndPoll(thread_id, { assistant_id }, polling);
  });
  simulator.respond({ output: [{ webSearch: { query: 'x' } }, { message: 'x' }] });
  const { id: conversation } = await client.conversations.create();
  await tutor.inSpan(() => client.responses.create({ model: 'gpt-4o-mini', input: 'x', conversation }));
  simulator.next({ when: { path: /models/ }, status: 404 });
  simulator.next({ when: { path: /chat/ }, status: 400 });
  await client.models.retrieve('none').catch(() => undefined);
  await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [] }).catch(() => undefined);
  await tutor.telemetry.provider.shutdown();
  return { spans: tutor.telemetry.spans, reported: await apiUsage.total() };
}

it('the panels of the dashboard say of a program what it used, called and did not get', async () => {
  const { spans, reported } = await runProgram();
  const [input = '', output] = queriesOf('Tokens of the ten largest conversations');
  expect(answerTraceQl(input, spans)).toHaveLength(2);
  expect(sumOf(input, spans)).toBe(reported.input_tokens);
  expect(sumOf(output, spans)).toBe(reported.output_tokens);
  const [cost] = queriesOf('Cost of the ten most expensive conversations');
  expect(sumOf(cost, spans)).toBeCloseTo((reported.input_tokens + reported.output_tokens * 4) / 1e6, 12);

  const runs = spans.filter((span) => span.attributes['gen_ai.operation.name'] === 'invoke_agent');
  const total = (name: string): number =>
    runs.reduce((sum, { attributes }) => sum + Number(attributes[name]), 0);
  expect(sumOf(queriesOf('Output tokens')[0], spans)).toBe(total('openai.total.output_tokens'));
  expect(sumOf(queriesOf('Cost', 'By agent')[0], spans)).toBeCloseTo(total('openai.total.cost'), 12);
  expect(total('openai.total.cost')).toBeGreaterThan(0);

  // Tool calls of no agent, and errors of requests that the conventions do not define as operations, count as well.
  const tools = answerTraceQl(queriesOf('Tool calls')[0] ?? '', spans);
  expect(tools.map(({ by, value }) => [...by, value])).toEqual(
    expect.arrayContaining([
      ['get_x', 1],
      ['code_interpreter', 1],
      ['web_search', 1],
    ]),
  );
  const failed = findByTraceQl(queriesOf('Errors')[0] ?? '', spans).map(({ name }) => name);
  expect(failed.toSorted()).toEqual(['GET /models/{model}', 'chat gpt-4o-mini']);
});

it('counts the runs that were left waiting when the program ended', async () => {
  const tutor = await startTutor({
    runs: [
      { steps: [{ tools: [{ function: { name: 'get_x', arguments: '{}' } }] }] },
      { steps: [{ message: '2' }] },
    ],
  });
  const { client, assistantId: assistant_id, threadId: thread_id } = tutor;
  const other = await client.beta.threads.create();
  await tutor.inSpan(async () => {
    await client.beta.threads.runs.createAndPoll(thread_id, { assistant_id }, { pollIntervalMs: 1 });
    await client.beta.threads.runs.createAndPoll(other.id, { assistant_id }, { pollIntervalMs: 1 });
  });
  await tutor.telemetry.provider.shutdown();
  const [query = ''] = queriesOf('Runs left waiting');
  expect(answerTraceQl(query, tutor.telemetry.spans)).toEqual([{ by: ['Math Tutor'], value: 1 }]);
});

it('its tables show whole traces: Tempo leaves all but three spans of each out of a table by default', () => {
  const tables = dashboard.panels.filter(({ type }) => type === 'table');
  for (const { targets = [] } of tables)
    for (const target of targets) expect(target).toHaveProperty('spss', 100);
});
