import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';
import type { OutputScript } from '../support/simulator/index.ts';
import { PIXEL } from '../support/simulator/response-items.ts';
import { newest } from './recorded.ts';

type Request = OpenAI.Responses.ResponseCreateParamsNonStreaming;

const HELLO = { model: 'gpt-4o', input: 'Hello there' };

function startWithConsent(): Promise<Program> {
  return startProgram({ content: true, config: { captureMessageContent: 'SPAN_ONLY' } });
}

/** A content attribute of the last model call, parsed. */
function content({ telemetry }: Program, name: string): unknown {
  return JSON.parse(String(newest(telemetry, 'chat').attributes[`gen_ai.${name}`]));
}

function outputParts(program: Program): unknown {
  const [message] = content(program, 'output.messages') as { parts: unknown }[];
  return message?.parts;
}

/** No span has bytes of media, or what nobody consents to. */
function expectNoSecrets({ telemetry }: Program): void {
  const recorded = JSON.stringify(telemetry.spans.map(({ attributes }) => attributes));
  expect(recorded).not.toContain(PIXEL.slice(0, 40));
  expect(recorded).not.toContain('secret');
}

describe('with consent, a response has the input of the model', () => {
  const ask = async (request: Partial<Request>): Promise<Program> => {
    const program = await startWithConsent();
    await program.client.responses.create({ ...HELLO, ...request });
    expectNoSecrets(program);
    return program;
  };

  test.each<[what: string, Partial<Request>, name: string, expected: object]>([
    [
      'messages contain texts, images, files and audio',
      {
        input: [
          { role: 'developer', content: 'Be brief.' },
          {
            role: 'user',
            content: [
              { type: 'input_text', text: 'What is this?' },
              { type: 'input_image', detail: 'auto', image_url: 'https://example.com/cat.png' },
              { type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${PIXEL}` },
              { type: 'input_image', detail: 'auto', file_id: 'file-1' },
              { type: 'input_file', file_id: 'file-2' },
              { type: 'input_file', file_url: 'https://example.com/letter.pdf' },
              { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
            ],
          },
        ],
      },
      'input.messages',
      [
        { role: 'developer', parts: [{ type: 'text', content: 'Be brief.' }] },
        {
          role: 'user',
          parts: [
            { type: 'text', content: 'What is this?' },
            { type: 'uri', modality: 'image', uri: 'https://example.com/cat.png' },
            { type: 'blob', modality: 'image', mime_type: 'image/png' },
            { type: 'file', modality: 'image', file_id: 'file-1' },
            { type: 'file', modality: 'document', file_id: 'file-2' },
            { type: 'uri', modality: 'document', uri: 'https://example.com/letter.pdf' },
            { type: 'blob', modality: 'document', mime_type: 'application/pdf' },
          ],
        },
      ],
    ],
    [
      'tool calls and their outputs are messages of the assistant and of the tool',
      {
        input: [
          { role: 'user', content: 'Rain?' },
          {
            type: 'reasoning',
            id: 'rs_1',
            summary: [{ type: 'summary_text', text: 'They ask about rain.' }],
          },
          { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
          { type: 'function_call_output', call_id: 'call_1', output: 'Rain.' },
          { type: 'item_reference', id: 'msg_1' },
          { id: 'msg_2' },
          { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: 'gAAAA' },
          { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true },
        ],
      },
      'input.messages',
      [
        { role: 'user', parts: [{ type: 'text', content: 'Rain?' }] },
        { role: 'assistant', parts: [{ type: 'reasoning', content: 'They ask about rain.' }] },
        {
          role: 'assistant',
          parts: [{ type: 'tool_call', id: 'call_1', name: 'get_weather', arguments: { city: 'Paris' } }],
        },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_1', response: 'Rain.' }] },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'mcpr_1', response: { approve: true } }] },
      ],
    ],
    [
      'tools are flat, without the address of an MCP server',
      {
        tool_choice: 'none',
        tools: [
          {
            type: 'function',
            name: 'add',
            description: 'Adds.',
            parameters: { type: 'object' },
            strict: true,
          },
          {
            type: 'mcp',
            server_label: 'wiki',
            server_url: 'https://secret.example',
            authorization: 'secret',
          },
          { type: 'web_search' },
        ],
      },
      'tool.definitions',
      [
        { type: 'function', name: 'add', description: 'Adds.', parameters: { type: 'object' } },
        { type: 'mcp', name: 'wiki' },
        { type: 'web_search', name: 'web_search' },
      ],
    ],
  ])('%s', async (_, request, name, expected) => {
    const found = content(await ask(request), name);
    expect(found).toMatchObject(expected);
    expect(found).toHaveLength((expected as unknown[]).length);
  });

  test('within a limit that leaves room for the answer', async () => {
    const program = await startProgram({
      content: true,
      config: { captureMessageContent: 'SPAN_ONLY', maxSpanContentLength: 2_000 },
    });
    await program.client.responses.create({ ...HELLO, instructions: 'x'.repeat(1_700) });
    expect(content(program, 'system_instructions')).toMatchObject([{ original_length: 1_700 }]);
    expect(outputParts(program)).toEqual([{ type: 'text', content: 'This is a simulated answer.' }]);
  });

  test('a plain text is a message, and many variables of a stored prompt leave attributes of the span free', async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`v${index}`, 'x']));
    const question = { type: 'input_text' as const, text: 'Rain?' };
    const program = await ask({ prompt: { id: 'pmpt_1', variables: { question, ...many } } });
    expect(content(program, 'input.messages')).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'Hello there' }] },
    ]);
    expect(newest(program.telemetry, 'chat').attributes).toMatchObject({
      'gen_ai.prompt.name': 'pmpt_1',
      'gen_ai.prompt.variable.question': 'Rain?',
      'gen_ai.prompt.variable.v0': 'x',
      'gen_ai.usage.input_tokens': expect.any(Number),
      'gen_ai.output.messages': expect.any(String),
    });
  });
});

describe('with consent, a response has the output of the model as one message', () => {
  test.each<[what: string, output: readonly OutputScript[], reason: string, parts: readonly object[]]>([
    [
      'reasoning, text and refusals',
      [{ reasoning: ['First.', 'Then.'], text: 'Hm.' }, { message: 'It is 4.' }, { refusal: 'No.' }],
      'stop',
      [
        { type: 'reasoning', content: 'First.' },
        { type: 'reasoning', content: 'Then.' },
        { type: 'reasoning', content: 'Hm.' },
        { type: 'text', content: 'It is 4.' },
        { type: 'refusal', content: 'No.' },
      ],
    ],
    [
      "calls of the program's functions",
      [
        { function: { name: 'get_weather', namespace: 'weather', arguments: { city: 'Paris' } } },
        { custom: { name: 'grammar', input: 'x = 4' } },
        { computer: { action: { type: 'screenshot' } } },
        { shell: { commands: ['ls'] } },
        { mcpApprovalRequest: { server: 'wiki', name: 'ask', arguments: { about: 'x' } } },
      ],
      'tool_call',
      [
        { id: 'call_000001', name: 'get_weather', namespace: 'weather', arguments: { city: 'Paris' } },
        { id: 'call_000002', name: 'grammar', arguments: 'x = 4' },
        { id: 'call_000003', name: 'computer', arguments: { action: { type: 'screenshot' } } },
        { id: 'call_000004', name: 'shell', arguments: { commands: ['ls'] } },
        { id: 'mcpr_000001', name: 'ask', server_label: 'wiki', arguments: { about: 'x' } },
      ].map((call) => ({ type: 'tool_call', ...call })),
    ],
    [
      'calls of hosted tools, with their results',
      [
        { webSearch: { query: 'x', sources: ['https://example.com/x'] } },
        { codeInterpreter: { code: 'print(1)', logs: '1', images: 1 } },
        { imageGeneration: { revisedPrompt: 'A bigger cat' } },
        { mcpCall: { server: 'wiki', name: 'ask', arguments: { about: 'x' }, output: 'It is 4.' } },
        // A `type` is kept among the arguments, and in the result.
        { mcpCall: { server: 'w', name: 'ask', arguments: { type: 'page' }, output: '{"type":"text"}' } },
        { compaction: true },
      ],
      'stop',
      [
        {
          id: 'ws_000001',
          name: 'web_search',
          server_tool_call: { type: 'web_search', action: 'search', query: 'x' },
        },
        {
          id: 'ws_000001',
          server_tool_call_response: { type: 'web_search', sources: [{ url: 'https://example.com/x' }] },
        },
        { server_tool_call: { type: 'code_interpreter', code: 'print(1)' } },
        { server_tool_call_response: { type: 'code_interpreter', logs: '1', image_count: 1 } },
        { type: 'blob', modality: 'image', mime_type: 'image/png', content: '' },
        { name: 'image_generation' },
        { server_tool_call_response: { type: 'image_generation', revised_prompt: 'A bigger cat' } },
        { type: 'blob', modality: 'image', mime_type: 'image/png', content: '' },
        {
          id: 'mcp_000001',
          name: 'ask',
          server_label: 'wiki',
          server_tool_call: { type: 'mcp', about: 'x' },
        },
        { server_tool_call_response: { type: 'mcp', result: 'It is 4.' } },
        { server_tool_call: { type: 'mcp', arguments: { type: 'page' } } },
        { server_tool_call_response: { type: 'mcp', result: { type: 'text' } } },
        { type: 'compaction', id: 'cmp_000001' },
      ],
    ],
  ])('%s, plain or streamed', async (_, output, finish_reason, parts) => {
    const program = await startWithConsent();
    const include = ['code_interpreter_call.outputs', 'web_search_call.action.sources'] as const;
    const asked = { ...HELLO, include: [...include] };
    program.simulator.respond({ output });
    await program.client.responses.create(asked);
    const plain = content(program, 'output.messages');
    expect(plain).toMatchObject([{ role: 'assistant', parts, finish_reason }]);
    expectNoSecrets(program);
    const again = await startWithConsent();
    again.simulator.respond({ output });
    await Array.fromAsync(await again.client.responses.create({ ...asked, stream: true }));
    expect(content(again, 'output.messages')).toEqual(plain);
  });

  test('tools and pages without credentials, also on tool spans', async () => {
    const program = await startWithConsent();
    const server = {
      server_url: 'https://me:secret@wiki.example',
      authorization: 'secret',
      headers: { key: 'secret' },
    };
    const found = {
      type: 'tool_search_output' as const,
      call_id: 'call_1',
      tools: [{ type: 'mcp' as const, server_label: 'wiki', ...server }],
    };
    const url = 'https://me:secret@x.example/?token=secret';
    const output = [found, { type: 'web_search_call', id: 'ws_1', action: { type: 'open_page', url } }];
    const usage = { input_tokens: 1, output_tokens: 1 };
    program.simulator.next({ body: { id: 'resp_1', status: 'completed', model: 'gpt-4o', output, usage } });
    await program.client.responses.create({ model: 'gpt-4o', input: [found] });
    const told = {
      type: 'tool_call_response',
      id: 'call_1',
      response: { tools: [{ type: 'mcp', name: 'wiki' }] },
    };
    const opened = { action: 'open_page', url: 'https://x.example/?token=REDACTED' };
    expect(content(program, 'input.messages')).toEqual([{ role: 'tool', parts: [told] }]);
    expect(outputParts(program)).toEqual([
      told,
      {
        type: 'server_tool_call',
        id: 'ws_1',
        name: 'web_search',
        server_tool_call: { type: 'web_search', ...opened },
      },
    ]);
    const search = newest(program.telemetry, 'execute_tool').attributes['gen_ai.tool.call.arguments'];
    expect(JSON.parse(String(search))).toEqual(opened);
  });

  test('the results of a file search, without file metadata', async () => {
    const program = await startWithConsent();
    const found = { file_id: 'file-1', filename: 'a.pdf', score: 0.9, text: 'x is 4.' };
    const results = [{ ...found, attributes: { owner: 'secret' } }];
    program.simulator.respond({ output: [{ fileSearch: { queries: ['x'], results } }] });
    await program.client.responses.create({ ...HELLO, include: ['file_search_call.results'] });
    const documents = [{ id: 'file-1', name: 'a.pdf', score: 0.9, content: 'x is 4.' }];
    expect(outputParts(program)).toMatchObject([
      { type: 'server_tool_call', server_tool_call: { type: 'file_search', queries: ['x'] } },
      { server_tool_call_response: { type: 'file_search', results: documents } },
    ]);
    const search = newest(program.telemetry, 'execute_tool').attributes['gen_ai.retrieval.documents'];
    expect(JSON.parse(String(search))).toEqual(documents);
    expectNoSecrets(program);
  });

  test('the partial output of a stream that was left', async () => {
    const program = await startWithConsent();
    program.simulator.respond({ output: [{ reasoning: ['First.'] }, { message: 'It is 4.' }] });
    let words = 0;
    for await (const event of await program.client.responses.create({ ...HELLO, stream: true }))
      if (event.type === 'response.output_text.delta' && ++words === 2) break;
    expect(outputParts(program)).toEqual([
      { type: 'reasoning', content: 'First.' },
      { type: 'text', content: 'It is' },
    ]);
  });

  test('the error', async () => {
    const program = await startWithConsent();
    program.simulator.respond({ end: 'failed', error: { code: 'server_error', message: 'It broke.' } });
    await program.client.responses.create(HELLO);
    expect(newest(program.telemetry, 'chat').status.message).toBe('It broke.');
  });
});
