import { expect, test } from 'vitest';
import type { OpenAIInstrumentationConfig } from '../../../src/client.ts';
import { startProgram } from '../../support/program.ts';

/** Objects in objects, the innermost with an enum: 10 are the most that the API takes. */
function nested(objects: number): Record<string, unknown> {
  const inner = objects === 1 ? { type: 'string', enum: ['red', 'blue'] } : nested(objects - 1);
  return { type: 'object', properties: { inner }, required: ['inner'] };
}

const FUNCTION = { type: 'function' as const, name: 'paint', parameters: nested(10), strict: true };
const RECORDED = { type: 'function', name: 'paint', parameters: nested(10) };

const CONFIGS: [string, OpenAIInstrumentationConfig][] = [
  ['without a hook', { captureMessageContent: 'SPAN_AND_EVENT' }],
  ['with one', { captureMessageContent: 'SPAN_AND_EVENT', completionHook: () => undefined }],
];

test.each(CONFIGS)('the schema of a function is recorded whole, %s', async (_, config) => {
  const { client, telemetry } = await startProgram({ content: true, config });
  const input = { model: 'gpt-4o', input: 'Hello', tools: [FUNCTION] };
  await client.responses.create(input);
  const [span] = telemetry.spans;
  const definitions = span?.attributes['gen_ai.tool.definitions'];
  expect(JSON.parse(String(definitions))).toEqual([RECORDED]);
  expect(telemetry.logRecords[0]?.attributes['gen_ai.tool.definitions']).toEqual([RECORDED]);
});

test.each(CONFIGS)('so is that of one that a streamed search finds, %s', async (_, config) => {
  const { client, simulator, telemetry } = await startProgram({ content: true, config });
  const head = { id: 'resp_1', object: 'response', model: 'gpt-4o' };
  const item = {
    type: 'tool_search_output',
    id: 'tso_1',
    execution: 'server',
    call_id: 'call_1',
    status: 'completed',
    tools: [FUNCTION],
  };
  simulator.next({
    sse: [
      { data: { type: 'response.completed', response: { ...head, status: 'completed', output: [item] } } },
    ],
  });
  const stream = await client.responses.create({ model: 'gpt-4o', input: 'Hello', stream: true });
  for await (const __ of stream);
  const [message] = JSON.parse(String(telemetry.spans[0]?.attributes['gen_ai.output.messages']));
  expect(JSON.stringify(message)).toContain(JSON.stringify(nested(10)));
});
