import { expect, test } from 'vitest';
import { responseBody } from '../support/bodies.ts';
import { startSession } from '../support/session.ts';

const SHELL = {
  id: 'sh_1',
  type: 'shell_call',
  call_id: 'call_1',
  status: 'completed',
  action: { commands: ['ls'] },
  environment: { type: 'container_reference', container_id: 'cntr_1' },
};
const LISTED = [{ stdout: 'a.txt', stderr: '', outcome: { type: 'exit', exit_code: 0 } }];
const OUTPUT = { id: 'sho_1', type: 'shell_call_output', call_id: 'call_1', output: LISTED };

test('the result of a search for tools has no id: it follows the search', async () => {
  const session = await startSession({ config: { captureMessageContent: true } });
  const searches = ['crm', 'mail'].map((path, index) => [
    { type: 'tool_search_call', id: `ts_${index}`, call_id: null, execution: 'server', arguments: { path } },
    { type: 'tool_search_output', call_id: null, tools: [{ type: 'function', name: `${path}_list` }] },
  ]);
  session.simulator.next({ body: responseBody(searches.flat()) });
  await session.client.responses.create({ model: 'gpt-4o-mini', input: 'Who wrote?' });
  const spans = session.spans.filter(({ name }) => name === 'execute_tool tool_search');
  const response = (name: string): object => ({ tools: [{ type: 'function', name }] });
  expect(spans.map(({ attributes }) => JSON.parse(String(attributes['gen_ai.tool.call.result'])))).toEqual([
    response('crm_list'),
    response('mail_list'),
  ]);
  const [chat] = session.spans.filter(({ name }) => name === 'chat gpt-4o-mini');
  expect(JSON.parse(String(chat?.attributes['gen_ai.output.messages']))).toMatchObject([
    {
      parts: [
        { type: 'server_tool_call', id: 'ts_0' },
        { type: 'tool_call_response', id: 'ts_0', response: response('crm_list') },
        { type: 'server_tool_call', id: 'ts_1' },
        { type: 'tool_call_response', id: 'ts_1', response: response('mail_list') },
      ],
    },
  ]);
  await session.verify();
});

test.each([
  ['with content', true, JSON.stringify({ output: LISTED })],
  ['without', false, undefined],
])('the result of a call in a container is that of its output item, %s', async (_, content, expected) => {
  const session = await startSession({ config: { captureMessageContent: content } });
  session.simulator.next({ body: responseBody([SHELL, OUTPUT]) });
  await session.client.responses.create({ model: 'gpt-4o-mini', input: 'What files are there?' });
  const [span] = session.spans.filter(({ name }) => name === 'execute_tool shell');
  expect(span?.attributes['gen_ai.tool.call.result']).toBe(expected);
  await session.verify();
});
