import type OpenAI from 'openai';
import type { Secrets } from './secrets.ts';

export const PIXEL: string = 'data:image/png;base64,AAAA';
export const TOOL: ChatTool = {
  type: 'function' as const,
  function: {
    name: 'look_up',
    description: 'Looks something up.',
    parameters: {
      type: 'object',
      properties: { term: { type: 'string', description: 'The term.', enum: ['x', 'y'] } },
    },
  },
};
type ChatTool = OpenAI.Chat.ChatCompletionFunctionTool;

const RESPONSE_TOOL = { type: 'function' as const, strict: false, ...TOOL.function };

export function chatBody(secrets: Secrets): OpenAI.Chat.ChatCompletionCreateParamsNonStreaming {
  return secrets.plant(
    {
      model: 'gpt-4o-mini',
      messages: [
        { role: 'developer', content: 'Instructions.', name: 'boss' },
        {
          role: 'user',
          name: 'somebody',
          content: [
            { type: 'text', text: 'A question.' },
            { type: 'image_url', image_url: { url: PIXEL } },
            { type: 'image_url', image_url: { url: 'https://storage.example/a.png' } },
            { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
            { type: 'file', file: { file_data: PIXEL, filename: 'report.pdf' } },
          ],
        },
        {
          role: 'assistant',
          content: 'An answer.',
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '{"term":"x"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'A result.' },
        { role: 'user', content: 'More.' },
      ],
      tools: [TOOL],
      stop: ['END', 'STOP'],
      user: 'somebody',
      safety_identifier: 'somebody',
      prompt_cache_key: 'a key',
      metadata: { topic: 'x' },
      prediction: { type: 'content', content: 'What is expected.' },
      web_search_options: { user_location: { type: 'approximate', approximate: { city: 'Here' } } },
    },
    'chat',
  ) as OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;
}

export function responseBody(secrets: Secrets): OpenAI.Responses.ResponseCreateParamsNonStreaming {
  return secrets.plant(
    {
      model: 'gpt-4o-mini',
      include: ['file_search_call.results', 'code_interpreter_call.outputs'],
      instructions: 'Instructions.',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'A question.' },
            { type: 'input_image', image_url: PIXEL, detail: 'low' },
            { type: 'input_file', filename: 'report.pdf', file_data: PIXEL },
          ],
        },
        { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'A thought.' }] },
        { type: 'function_call', call_id: 'call_1', name: 'look_up', arguments: '{"term":"x"}' },
        { type: 'function_call_output', call_id: 'call_1', output: 'A result.' },
      ],
      tools: [
        RESPONSE_TOOL,
        {
          type: 'mcp',
          server_label: 'a server',
          server_url: 'https://tools.example/mcp',
          authorization: 'x',
          headers: { key: 'x' },
        },
        {
          type: 'web_search',
          filters: { allowed_domains: ['here.example'] },
          user_location: { type: 'approximate', city: 'Here' },
        },
        { type: 'code_interpreter', container: { type: 'auto' } },
      ],
      prompt: { id: 'pmpt_1', version: '1', variables: { topic: 'x' } },
      text: { format: { type: 'json_schema', name: 'a schema', description: 'A schema.', schema: {} } },
      user: 'somebody',
      safety_identifier: 'somebody',
      prompt_cache_key: 'a key',
      metadata: { topic: 'x' },
    },
    'response',
  ) as unknown as OpenAI.Responses.ResponseCreateParamsNonStreaming;
}
