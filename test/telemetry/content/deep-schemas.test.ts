import { expect, test } from 'vitest';
import { startProgram } from '../../support/program.ts';

/** Objects in objects, the innermost with an enum: 10 are the most that the API takes. */
function nested(objects: number): Record<string, unknown> {
  const inner = objects === 1 ? { type: 'string', enum: ['red', 'blue'] } : nested(objects - 1);
  return { type: 'object', properties: { inner }, required: ['inner'] };
}

test.each([
  ['without a hook', {}],
  ['with one', { completionHook: () => undefined }],
])(
  'a deep schema is recorded whole, of a function and of one that a streamed search finds, %s',
  async (_, more) => {
    const config = { captureMessageContent: 'SPAN_AND_EVENT', ...more } as const;
    const { client, simulator, telemetry } = await startProgram({ content: true, config });
    const recorded = { type: 'function', name: 'paint', parameters: nested(10) };
    const tools = [{ ...recorded, type: 'function' as const, strict: true }];
    await client.responses.create({ model: 'gpt-4o', input: 'Hello', tools });
    const definitions = telemetry.spans[0]?.attributes['gen_ai.tool.definitions'];
    expect(JSON.parse(String(definitions))).toEqual([recorded]);
    expect(telemetry.logRecords[0]?.attributes['gen_ai.tool.definitions']).toEqual([recorded]);

    const output = [
      { type: 'tool_search_output', id: 'tso_1', call_id: 'call_1', status: 'completed', tools },
    ];
    const response = { id: 'resp_1', object: 'response', model: 'gpt-4o', status: 'completed', output };
    simulator.next({ sse: [{ data: { type: 'response.completed', response } }] });
    const stream = await client.responses.create({ model: 'gpt-4o', input: 'Hello', stream: true });
    for await (const __ of stream);
    const [message] = JSON.parse(String(telemetry.spans[1]?.attributes['gen_ai.output.messages']));
    expect(JSON.stringify(message)).toContain(JSON.stringify(nested(10)));
  },
);
