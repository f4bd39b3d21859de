import type { ChatCompletionRunner } from 'openai/lib/ChatCompletionRunner';
import { describe, expect, it } from 'vitest';
import { completionBody, functionCall, responseBody } from '../support/bodies.ts';
import { type Program, startProgram } from '../support/program.ts';
import { timedTools } from '../support/timed-tools.ts';
import { outputsFor, startTutor } from '../support/tutor.ts';

const MODEL = 'gpt-4o-mini';

const wait = { function: { name: 'wait', arguments: {} } };
const CODE = { codeInterpreter: { input: 'print(1)' } };

describe('a function that a run asked for', () => {
  it('expired with it: the call that asked succeeded', async () => {
    const program = await startTutor({ runs: [{ steps: [{ tools: [wait] }], end: 'expired' }] });
    await program.inSpan(async () => {
      const { id } = await program.run();
      await program.poll(id);
    });
    await program.expectTree(`
      program
      └─ thread
         └─ invoke_agent Math Tutor  !expired openai.run.status=expired gen_ai.response.finish_reasons=["error"]
            ├─ chat gpt-4o-mini      gen_ai.response.finish_reasons=["tool_calls"] openai.step.status=expired
            └─ execute_tool wait     !expired
    `);
    const [chat] = program.ended('chat gpt-4o-mini');
    expect(chat?.attributes['error.type']).toBeUndefined();
    expect(await timedTools(program)).toEqual([]);
    const [timed] = await program.points('gen_ai.client.operation.duration', 'invoke_agent');
    expect(timed?.attributes['error.type']).toBe('expired');
  });

  it('was cancelled with it', async () => {
    const program = await startTutor({ runs: [{ steps: [{ tools: [wait] }] }] });
    const { client, threadId: thread_id } = program;
    await program.inSpan(async () => {
      const { id } = await program.run();
      await client.beta.threads.runs.cancel(id, { thread_id });
      await program.poll(id);
    });
    await program.expectTree(`
      program
      └─ thread
         └─ invoke_agent Math Tutor  openai.run.status=cancelled
            ├─ chat gpt-4o-mini      openai.step.status=cancelled
            └─ execute_tool wait     openai.tool.outcome=cancelled
    `);
    expect(await timedTools(program)).toEqual([]);
  });

  it('was answered, whatever became of the run', async () => {
    const steps = [{ tools: [wait] }, { message: 'x is' }];
    const program = await startTutor({ runs: [{ steps, end: 'failed' }] });
    await program.inSpan(async () => {
      const run = await program.run();
      await program.client.beta.threads.runs.submitToolOutputsAndPoll(run.id, outputsFor(run));
    });
    await program.expectTree(`
      program
      └─ thread
         └─ invoke_agent Math Tutor  !server_error gen_ai.response.finish_reasons=["error"]
            ├─ chat gpt-4o-mini      gen_ai.response.finish_reasons=["tool_calls"]
            ├─ execute_tool wait
            └─ chat gpt-4o-mini      !server_error gen_ai.response.finish_reasons=["error"]
    `);
    expect(toolAttribute(program, 'openai.tool.outcome')).toEqual([undefined]);
    expect(await timedTools(program)).toEqual(['wait']);
  });
});

it.each([
  ['failed', '!server_error', '["error"]', '!server_error'],
  ['cancelled', '', '["cancelled"]', 'openai.tool.outcome=cancelled'],
] as const)('a hosted tool of a run whose step was %s has no result', async (end, error, reason, outcome) => {
  const program = await startTutor({ runs: [{ steps: [{ tools: [CODE] }], end }] });
  await program.inSpan(program.run);
  await program.expectTree(`
    program
    └─ thread
       └─ invoke_agent Math Tutor           ${error} openai.run.status=${end} gen_ai.response.finish_reasons=${reason}
          ├─ chat gpt-4o-mini               gen_ai.response.finish_reasons=["tool_calls"] openai.step.status=${end}
          └─ execute_tool code_interpreter  ${outcome}
  `);
});

it('a message that was completed stopped by itself, though its run failed later', async () => {
  const program = await startTutor({ runs: [{ steps: [{ message: 'x is 3.' }] }] });
  const { client, simulator, threadId: thread_id } = program;
  await program.inSpan(async () => {
    const run = await program.create();
    // In progress, then its step, then the end of its step.
    for (let stage = 0; stage < 3; stage++) await client.beta.threads.runs.retrieve(run.id, { thread_id });
    const failed = { ...run, status: 'failed', last_error: { code: 'server_error', message: '' } };
    simulator.next({ when: { method: 'GET', path: /runs\/[^/]+$/ }, body: failed });
    await client.beta.threads.runs.retrieve(run.id, { thread_id });
  });
  const [failed] = await program.flushed('invoke_agent');
  const spans = [failed, ...program.ended('chat')];
  const reasons = spans.map((span) => span?.attributes['gen_ai.response.finish_reasons']);
  expect(reasons).toEqual([['error'], ['stop']]);
});

function toolAttribute({ ended }: Program, key: string): unknown[] {
  return ended('execute_tool').map(({ attributes }) => attributes[key]);
}

describe('a tool call of a response', () => {
  const shell = {
    id: 'sh_1',
    type: 'shell_call',
    call_id: 'call_1',
    status: 'completed',
    action: { commands: ['false'] },
  };
  const FAILED = [{ stdout: '', stderr: '', outcome: { type: 'exit', exit_code: 1 } }];
  const failing = (type: string): object => ({ type, call_id: 'call_1', output: FAILED });
  const container = { environment: { type: 'container_reference', container_id: 'cntr_1' } };

  it.each([
    ['plain', false, ''],
    ['streamed', true, ` gen_ai.tool.call.result=${JSON.stringify(JSON.stringify({ output: FAILED }))}`],
  ])('failed in its container, in a %s response', async (_, stream, result) => {
    // Its result is content, and stands in an item of its own.
    const program = await startProgram({ config: { captureMessageContent: stream }, content: stream });
    const response = responseBody([{ ...shell, ...container }, failing('shell_call_output')]);
    if (stream) program.simulator.next({ sse: [{ data: { type: 'response.completed', response } }] });
    else program.simulator.next({ body: response });
    await program.inSpan(async () => {
      const answer = await program.client.responses.create({ model: MODEL, input: 'x', stream });
      if (Symbol.asyncIterator in answer) for await (const _event of answer);
    });
    await program.expectTree(`
      program
      ├─ chat gpt-4o-mini
      └─ execute_tool shell  !failed openai.tool.type=shell gen_ai.tool.type=extension${result}
    `);
  });

  it('is a search for tools, whose result has no id: it follows the search', async () => {
    const program = await startProgram({ config: { captureMessageContent: true }, content: true });
    const searches = ['crm', 'mail'].map((path, index) => [
      {
        type: 'tool_search_call',
        id: `ts_${index}`,
        call_id: null,
        execution: 'server',
        arguments: { path },
      },
      { type: 'tool_search_output', call_id: null, tools: [{ type: 'function', name: `${path}_list` }] },
    ]);
    program.simulator.next({ body: responseBody(searches.flat()) });
    await program.client.responses.create({ model: MODEL, input: 'Who wrote?' });
    const found = (name: string): object => ({ tools: [{ type: 'function', name }] });
    const results = toolAttribute(program, 'gen_ai.tool.call.result');
    expect(results.map((result) => JSON.parse(String(result)))).toEqual([
      found('crm_list'),
      found('mail_list'),
    ]);
    const [chat] = program.ended('chat');
    const [message] = JSON.parse(String(chat?.attributes['gen_ai.output.messages']));
    expect(message.parts).toMatchObject([
      { type: 'server_tool_call', id: 'ts_0' },
      { type: 'tool_call_response', id: 'ts_0', response: found('crm_list') },
      { type: 'server_tool_call', id: 'ts_1' },
      { type: 'tool_call_response', id: 'ts_1', response: found('mail_list') },
    ]);
  });

  it.each([
    ['a shell', shell, failing('shell_call_output')],
    [
      'a patch',
      { type: 'apply_patch_call', call_id: 'call_1', status: 'completed' },
      { type: 'apply_patch_call_output', call_id: 'call_1', status: 'failed' },
    ],
  ])('failed in the program: %s', async (_, call, output) => {
    const program = await startProgram();
    program.simulator.next({ body: responseBody([call]) });
    program.simulator.next({ body: responseBody([], { id: 'resp_2' }) });
    await program.inSpan(async () => {
      await program.client.responses.create({ model: MODEL, input: 'x' });
      const input = [output] as never;
      await program.client.responses.create({ model: MODEL, previous_response_id: 'resp_1', input });
    });
    const tool = call.type.replace('_call', '');
    await program.expectTree(`
      program
      ├─ chat gpt-4o-mini
      ├─ execute_tool ${tool}  !failed openai.tool.type=${tool} gen_ai.tool.type=function
      └─ chat gpt-4o-mini
    `);
    expect(await timedTools(program)).toEqual([`${tool} failed`]);
  });

  it.each([
    ['denied', false, '├─ execute_tool delete  openai.tool.outcome=denied openai.mcp.server_label=files'],
    ['approved: its call is an item of its own', true, ''],
  ])('of an MCP server was %s', async (_, approve, tool) => {
    const program = await startProgram();
    const request = {
      id: 'mcpr_1',
      type: 'mcp_approval_request',
      name: 'delete',
      server_label: 'files',
      arguments: '{}',
    };
    program.simulator.next({ body: responseBody([request]) });
    program.simulator.next({ body: responseBody([], { id: 'resp_2' }) });
    await program.inSpan(async () => {
      await program.client.responses.create({ model: MODEL, input: 'x' });
      const input = [{ type: 'mcp_approval_response' as const, approval_request_id: 'mcpr_1', approve }];
      await program.client.responses.create({ model: MODEL, previous_response_id: 'resp_1', input });
    });
    await program.expectTree(
      ['program', '├─ chat gpt-4o-mini', tool, '└─ chat gpt-4o-mini'].filter(Boolean).join('\n'),
    );
    expect(await timedTools(program)).toEqual([]);
  });

  it('was running when the program left the stream', async () => {
    const program = await startProgram();
    const search = { id: 'ws_1', type: 'web_search_call', status: 'in_progress' };
    program.simulator.next({
      sse: [
        { data: { type: 'response.created', response: responseBody([], { status: 'in_progress' }) } },
        { data: { type: 'response.output_item.added', output_index: 0, item: search } },
        { data: { type: 'response.web_search_call.searching', output_index: 0, item_id: 'ws_1' } },
      ],
    });
    await program.inSpan(async () => {
      for await (const event of await program.client.responses.create({
        model: MODEL,
        input: 'x',
        stream: true,
      }))
        if (event.type === 'response.web_search_call.searching') break;
    });
    await program.expectTree(`
      program
      ├─ chat gpt-4o-mini         openai.stream.end=cancelled
      └─ execute_tool web_search  openai.tool.outcome=unanswered
    `);
  });

  it.each([
    ['cancelled', 'cancelled'],
    ['incomplete', 'unanswered'],
    ['completed', undefined],
  ])('was in progress in a response that is %s', async (status, outcome) => {
    const program = await startProgram();
    const output = [{ id: 'ws_1', type: 'web_search_call', status: 'searching' }];
    const incomplete_details = { reason: 'max_output_tokens' };
    program.simulator.next({ body: responseBody(output, { status, incomplete_details }) });
    await program.client.responses.create({ model: MODEL, input: 'x' });
    expect(toolAttribute(program, 'openai.tool.outcome')).toEqual([outcome]);
  });
});

describe('a function under `runTools`', () => {
  const run = ({ client }: Program, asked = 'How is the weather?'): ChatCompletionRunner<null> =>
    client.chat.completions.runTools({
      model: MODEL,
      messages: [{ role: 'user', content: asked }],
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: '',
            parameters: { type: 'object', properties: {} },
            parse: JSON.parse,
            function: () => 'Sunny.',
          },
        },
      ],
    });

  it.each([
    ['is unknown', 'forget', '{}'],
    ['cannot parse its arguments', 'get_weather', '{'],
  ])('was refused: it %s', async (_, name, given) => {
    const program = await startProgram();
    program.simulator.next({
      body: completionBody([
        functionCall(name, given, 'call_0'),
        functionCall('get_weather', '{"in":"Rome"}'),
      ]),
    });
    await program.inSpan(() => run(program).done());
    const tools = program.ended('execute_tool');
    expect(tools.map((span) => [span.name, span.attributes['error.type']]).sort()).toEqual(
      [
        ['execute_tool get_weather', undefined],
        [`execute_tool ${name}`, 'refused'],
      ].sort(),
    );
    expect(await timedTools(program)).toEqual(['get_weather']);
  });

  it('ran, in two loops at once that share ids and arguments', async () => {
    const program = await startProgram();
    const body = completionBody([functionCall('get_weather', '{"in":"Rome"}')]);
    for (const _ of ['now', 'then']) program.simulator.next({ body });
    await program.inSpan(() => Promise.all(['Now?', 'Then?'].map((asked) => run(program, asked).done())));
    expect(toolAttribute(program, 'error.type')).toEqual([undefined, undefined]);
    expect(toolAttribute(program, 'gen_ai.tool.call.id')).toEqual(['call_1', 'call_1']);
  });
});
