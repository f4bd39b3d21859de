import { describe, expect, it } from 'vitest';
import type { CheckedSpan } from './check.ts';
import { checkSpan } from './check.ts';
import {
  apiSpan,
  attemptSpan,
  change,
  chatSpan,
  chatSpanWithContent,
  runSpan,
  stepSpan,
  threadSpan,
  toolSpan,
} from './examples.ts';

describe('checkSpan has no findings for', () => {
  it.each([
    threadSpan(),
    runSpan(),
    stepSpan(),
    toolSpan(),
    chatSpan(),
    chatSpanWithContent(),
    apiSpan(),
    attemptSpan(),
  ])('$name', (span) => {
    expect(checkSpan(span)).toEqual([]);
  });
});

describe('checkSpan reports:', () => {
  const rows: [rule: string, span: CheckedSpan, finding: string][] = [
    [
      'an unknown attribute',
      change(chatSpan(), { 'openai.nonsense': 1 }),
      'openai.nonsense is in no registry',
    ],
    [
      'an attribute of another span',
      change(chatSpan(), { 'openai.run.poll_count': 1 }),
      'openai.run.poll_count is not listed for openai.chat.client',
    ],
    [
      'usage where nothing may be counted',
      change(toolSpan(), { 'gen_ai.usage.input_tokens': 1 }),
      'gen_ai.usage.input_tokens is not listed for openai.execute_tool.internal',
    ],
    [
      'a parameter that a step cannot have',
      change(stepSpan(), { 'gen_ai.request.seed': 1 }),
      'gen_ai.request.seed is not listed for openai.step.client',
    ],
    [
      'a fraction for an int',
      change(chatSpan(), { 'gen_ai.usage.output_tokens': 1.5 }),
      'gen_ai.usage.output_tokens is the number 1.5, should be int',
    ],
    [
      'a number for a string',
      change(chatSpan(), { 'openai.request.id': 7 }),
      'openai.request.id is the number 7, should be string',
    ],
    [
      'not a number for a double',
      change(chatSpan(), { 'gen_ai.request.temperature': Number.NaN }),
      'gen_ai.request.temperature is the number NaN, should be double',
    ],
    [
      'a string for a boolean',
      change(chatSpan(), { 'openai.response.parsed': 'no' }),
      'openai.response.parsed is the string "no", should be boolean',
    ],
    [
      'a string for a list',
      change(chatSpan(), { 'gen_ai.response.finish_reasons': 'stop' }),
      'gen_ai.response.finish_reasons is the string "stop", should be string[]',
    ],
    [
      'a value of the wrong type below a template',
      change(chatSpan(), { 'openai.trace.metadata.grade': 7 }),
      'openai.trace.metadata.grade is the number 7, should be string',
    ],
    [
      'a template without a key',
      change(chatSpan(), { 'openai.trace.metadata': 'x' }),
      'openai.trace.metadata is in no registry',
    ],
    [
      'a negative count',
      change(chatSpan(), { 'gen_ai.usage.output_tokens': -1 }),
      'gen_ai.usage.output_tokens is negative',
    ],
    [
      'a missing required attribute',
      change(chatSpan(), { 'gen_ai.provider.name': undefined }),
      'gen_ai.provider.name is missing (required)',
    ],
    [
      'a missing recommended attribute',
      change(chatSpan(), {
        'gen_ai.usage.input_tokens': undefined,
        'gen_ai.usage.cache_read.input_tokens': undefined,
      }),
      'gen_ai.usage.input_tokens is missing (recommended)',
    ],
    [
      'a completed run without a finish reason',
      change(runSpan(), { 'gen_ai.response.finish_reasons': undefined }),
      'gen_ai.response.finish_reasons is missing (recommended)',
    ],
    [
      'a step without its run',
      change(stepSpan(), { 'openai.run.id': undefined }),
      'openai.run.id is missing (required)',
    ],
    ['the wrong kind', { ...chatSpan(), kind: 0 }, 'kind is internal, should be client'],
    ['the wrong kind of a tool call', { ...toolSpan(), kind: 2 }, 'kind is client, should be internal'],
    ['the wrong name', { ...chatSpan(), name: 'chat' }, 'name should be "chat gpt-4o"'],
    [
      'a name with an unknown agent',
      change(runSpan(), { 'gen_ai.agent.name': undefined }),
      'name should be "invoke_agent"',
    ],
    [
      'the wrong name of a thread',
      { ...threadSpan(), name: 'my thread' },
      'name should be thread or conversation or session',
    ],
    [
      'an id in the name of a call',
      change(
        apiSpan(),
        { 'url.template': '/vector_stores/vs_abc123', 'openai.vector_store.id': undefined },
        { name: 'GET /vector_stores/vs_abc123' },
      ),
      'url.template has "vs_abc123", which looks like a concrete value',
    ],
    [
      'an id that looks like a word',
      change(
        apiSpan(),
        { 'url.template': '/files/report', 'openai.file.id': 'report' },
        { name: 'GET /files/report' },
      ),
      'name contains the value of openai.file.id',
    ],
    [
      'a template that is no path',
      change(apiSpan(), { 'url.template': 'files' }, { name: 'GET files' }),
      'url.template does not begin with a slash',
    ],
    [
      'an unknown operation',
      change(chatSpan(), { 'gen_ai.operation.name': 'talk' }),
      'gen_ai.operation.name is "talk", which is no operation of the conventions',
    ],
    [
      'an unknown end of a stream',
      change(chatSpan(), { 'openai.stream.end': 'done' }),
      'openai.stream.end is the string "done", should be one of completed, cut, cancelled, aborted, abandoned, error',
    ],
    ['status OK', { ...chatSpan(), status: { code: 1 } }, 'status is OK, which is for the program to set'],
    [
      'an error without type',
      { ...chatSpan(), status: { code: 2 } },
      'error.type is missing beside status ERROR',
    ],
    ['a type without error', change(chatSpan(), { 'error.type': 'x' }), 'error.type without status ERROR'],
    [
      'an address without port',
      change(chatSpan(), { 'server.port': undefined }),
      'server.port is missing beside server.address',
    ],
    [
      'a port without address',
      change(threadSpan(), { 'server.port': 443 }),
      'server.port without server.address',
    ],
    [
      'more cached tokens than tokens',
      change(chatSpan(), { 'gen_ai.usage.cache_read.input_tokens': 11 }),
      'gen_ai.usage.cache_read.input_tokens is more than gen_ai.usage.input_tokens',
    ],
    [
      'a value that says nothing',
      change(chatSpan(), { 'gen_ai.request.stream': false }),
      'gen_ai.request.stream is set for streamed answers only',
    ],
    [
      'a first chunk without a stream',
      change(chatSpan(), { 'gen_ai.response.time_to_first_chunk': 0.1 }),
      'gen_ai.response.time_to_first_chunk is set for streamed answers only',
    ],
    [
      "the schema's finish reason in the API's place",
      change(chatSpan(), { 'gen_ai.response.finish_reasons': ['tool_call'] }),
      'gen_ai.response.finish_reasons has the spelling of the API: tool_calls',
    ],
    [
      'an unknown event',
      { ...chatSpan(), events: [{ name: 'exception' }] },
      'event exception is in no registry',
    ],
    [
      'an event with what is not its own',
      {
        ...runSpan(),
        events: [
          {
            name: 'openai.run.request',
            attributes: { 'http.request.method': 'GET', 'url.template': '/x', 'openai.cost': 1 },
          },
        ],
      },
      'event openai.run.request: openai.cost is not listed for openai.run.request',
    ],
    [
      'an event without what it needs',
      {
        ...runSpan(),
        events: [{ name: 'openai.run.request', attributes: { 'http.request.method': 'GET' } }],
      },
      'event openai.run.request: url.template is missing (required)',
    ],
  ];

  it.each(rows)('%s', (_rule, span, finding) => {
    expect(checkSpan(span)).toEqual([`${span.name}: ${finding}`]);
  });
});

const failed = { code: 2 };
const noAnswer = {
  'gen_ai.response.id': undefined,
  'gen_ai.response.model': undefined,
  'gen_ai.response.finish_reasons': undefined,
  'gen_ai.usage.input_tokens': undefined,
  'gen_ai.usage.output_tokens': undefined,
  'gen_ai.usage.cache_read.input_tokens': undefined,
};

describe('checkSpan allows', () => {
  const rows: [rule: string, span: CheckedSpan][] = [
    [
      'a failed call without response attributes',
      change(chatSpan(), { ...noAnswer, 'error.type': 'x' }, { status: failed }),
    ],
    [
      'a raw response without response attributes',
      change(chatSpan(), { ...noAnswer, 'openai.response.parsed': false }),
    ],
    [
      'an unfinished stream without response attributes',
      change(chatSpan(), { ...noAnswer, 'gen_ai.request.stream': true, 'openai.stream.end': 'cancelled' }),
    ],
    [
      'a stream without usage',
      change(chatSpan(), {
        'gen_ai.request.stream': true,
        'gen_ai.usage.input_tokens': undefined,
        'gen_ai.usage.output_tokens': undefined,
        'gen_ai.usage.cache_read.input_tokens': undefined,
      }),
    ],
    [
      'a step without usage',
      change(stepSpan(), { 'gen_ai.usage.input_tokens': undefined, 'gen_ai.usage.output_tokens': undefined }),
    ],
    [
      'a run with usage that no step has',
      change(runSpan(), { 'gen_ai.usage.input_tokens': 381, 'gen_ai.usage.output_tokens': 88 }),
    ],
    [
      'a cancelled run without a finish reason',
      change(runSpan(), { 'openai.run.status': 'cancelled', 'gen_ai.response.finish_reasons': undefined }),
    ],
    [
      'another provider keep the attributes of OpenAI',
      change(chatSpan(), {
        'gen_ai.provider.name': 'azure.ai.openai',
        'openai.response.service_tier': 'default',
      }),
    ],
    [
      'the program name its own spans',
      { ...attemptSpan(), name: 'lesson', attributes: {}, status: { code: 0 } },
    ],
  ];

  it.each(rows)('%s', (_rule, span) => {
    expect(checkSpan(span)).toEqual([]);
  });

  it('no missing request attributes on a raw response or a stream', () => {
    const span = change(chatSpan(), {
      ...noAnswer,
      'openai.response.parsed': false,
      'server.address': undefined,
    });
    expect(checkSpan(change(span, { 'server.port': undefined }))).toEqual([
      'chat gpt-4o: server.address is missing (recommended)',
    ]);
  });
});
