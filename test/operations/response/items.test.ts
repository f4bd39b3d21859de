import { describe, expect, test } from 'vitest';
import { readToolContent } from '../../../src/operations/response/content.ts';
import { readResponseToolCall, readToolOutputCallId } from '../../../src/operations/response/items.ts';

describe('an item that is a tool call', () => {
  test.each<[object, object]>([
    [{ type: 'computer_call' }, { tool: 'computer', name: 'computer', runBy: 'program' }],
    [{ type: 'local_shell_call' }, { tool: 'local_shell', runBy: 'program' }],
    [{ type: 'apply_patch_call' }, { tool: 'apply_patch', runBy: 'program' }],
    [
      { type: 'mcp_call', id: 'mcp_1', name: 'ask', server_label: 'wiki' },
      { callId: 'mcp_1', tool: 'mcp', name: 'ask', serverLabel: 'wiki', runBy: 'api' },
    ],
    [{ type: 'file_search_call' }, { tool: 'file_search', name: 'file_search', runBy: 'api' }],
    [{ type: 'code_interpreter_call' }, { tool: 'code_interpreter', runBy: 'api' }],
    [{ type: 'image_generation_call' }, { tool: 'image_generation', runBy: 'api' }],
    [{ type: 'time_travel_call' }, { tool: 'time_travel', name: 'time_travel', runBy: 'api' }],
  ])('%j', (item, expected) => {
    expect(readResponseToolCall(item)).toMatchObject({ ...expected, type: (item as { type: string }).type });
  });

  test.each([{ type: 'message' }, { type: 'reasoning' }, { type: 'compaction' }, {}, null, 5, 'text', []])(
    'is not %j',
    (item) => expect(readResponseToolCall(item)).toBeUndefined(),
  );
});

test.each<[object, string | undefined]>([
  [{ type: 'function_call_output', id: 'x', call_id: 'call_1' }, 'call_1'],
  [{ type: 'shell_call_output', call_id: 'call_1' }, 'call_1'],
  [{ type: 'mcp_approval_response', approval_request_id: 'mcpr_1' }, 'mcpr_1'],
  [{ type: 'local_shell_call_output', id: 'call_1' }, 'call_1'],
  [{ type: 'message', call_id: 'call_1' }, undefined],
])('%j is the output of %s', (item, callId) => {
  expect(readToolOutputCallId(item)).toBe(callId);
});

describe('the arguments and result of a tool call', () => {
  test.each<[object, object]>([
    [
      { type: 'web_search_call', action: { type: 'search', query: 'x', sources: [{ url: 'u' }] } },
      { arguments: { action: 'search', query: 'x' }, result: { sources: [{ url: 'u' }] } },
    ],
    [
      { type: 'web_search_call', action: { type: 'open_page', url: 'https://me:pw@x.example/?token=t&a=1' } },
      { arguments: { action: 'open_page', url: 'https://x.example/?token=REDACTED&a=1' } },
    ],
    [
      { type: 'web_search_call', results: [{ image_url: 'https://me:pw@x.example/', rank: 1 }, 'u', null] },
      { result: { results: [{ image_url: 'https://x.example/', rank: 1 }, 'u', null] } },
    ],
    // The results of a search have the format of `execute_tool`, without the metadata of files.
    [
      {
        type: 'file_search_call',
        queries: ['x'],
        results: [
          {
            file_id: 'file-1',
            filename: 'a.pdf',
            score: 0.9,
            text: 'It is 4.',
            attributes: { owner: 'ada' },
          },
        ],
      },
      {
        arguments: { queries: ['x'] },
        result: { results: [{ id: 'file-1', name: 'a.pdf', score: 0.9, content: 'It is 4.' }] },
      },
    ],
    [{ type: 'file_search_call', queries: ['x'], results: null }, { arguments: { queries: ['x'] } }],
    // How a server of tools is reached is nobody's business, whoever reports it.
    [
      {
        type: 'mcp_list_tools',
        tools: [{ name: 'ask', description: null, input_schema: {}, headers: { 'x-key': 'secret' } }],
        error: 'No answer of https://me:pw@wiki.example: Bearer abc',
      },
      {
        result: {
          tools: [{ name: 'ask', input_schema: {} }],
          error: 'No answer of https://REDACTED@wiki.example: Bearer REDACTED',
        },
      },
    ],
    [
      { type: 'mcp_call', error: { type: 'http_error', code: 401, message: 'Not Bearer abc' } },
      { result: { error: { type: 'http_error', code: 401, message: 'Not Bearer REDACTED' } } },
    ],
    [
      { type: 'time_travel_call', input: 'a year', output: '{"at":1984}' },
      { arguments: 'a year', result: { at: 1984 } },
    ],
    [
      { type: 'time_travel_call', action: { url: 'https://me:pw@x.example/' }, output: null },
      { arguments: { url: 'https://x.example/' } },
    ],
    [{ type: 'function_call', arguments: '{"a":1}' }, { arguments: { a: 1 } }],
    [{ type: 'function_call', arguments: '{"a":' }, { arguments: '{"a":' }],
    [
      { type: 'function_call_output', output: [{ type: 'input_text', text: 'Rain.' }] },
      { result: [{ type: 'text', content: 'Rain.' }] },
    ],
    [
      { type: 'computer_call_output', output: { type: 'computer_screenshot', file_id: 'file-1' } },
      { result: [{ type: 'file', modality: 'image', file_id: 'file-1' }] },
    ],
    [
      { type: 'local_shell_call', action: { command: ['ls'], env: { TOKEN: 'secret' } } },
      { arguments: { command: ['ls'] } },
    ],
    [{ type: 'time_travel_call', secret: 'x' }, {}],
  ])('%j', (item, expected) => {
    expect(readToolContent(item)).toEqual(expected);
  });

  test('are separate for images, so that they can be recorded by reference', () => {
    const item = { type: 'image_generation_call', result: 'AAAA', output_format: 'webp', size: '1x1' };
    const { result, media } = readToolContent(item);
    expect(result).toEqual({ size: '1x1' });
    expect(media).toMatchObject([{ type: 'blob', modality: 'image', mime_type: 'image/webp' }]);
  });
});
