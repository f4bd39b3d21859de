import { describe, expect, test } from 'vitest';
import { createAgent } from '../../src/operations/create-agent.ts';
import { type ApiRequest, operationOf } from '../../src/operations/index.ts';
import { matchRoute } from '../../src/sdk/routes/index.ts';
import { spanNameOf } from '../../src/telemetry/record.ts';

function request(method: string, path: string, more: Partial<ApiRequest> = {}): ApiRequest {
  return {
    method,
    ...matchRoute(method, path),
    body: undefined,
    streamed: false,
    deployment: undefined,
    ...more,
  };
}

/** What an operation says of a request and its result. */
function read(asked: ApiRequest, result?: unknown): { name: string; start: object; end: object } {
  const operation = operationOf(asked.route);
  return {
    name: spanNameOf(operation, asked, operation.requestAttributes(asked)),
    start: { ...operation.requestAttributes(asked), ...operation.parameterAttributes?.(asked) },
    end: result === undefined ? {} : operation.resultAttributes(result, asked.route),
  };
}

describe('a chat completion', () => {
  test('has the model of its body, or else the one that the SDK notes', () => {
    const sdkMetadata = { model: 'noted' };
    const asked = (body: unknown): ApiRequest => request('POST', '/chat/completions', { body, sdkMetadata });
    expect(read(asked({ model: 'gpt-4o' })).name).toBe('chat gpt-4o');
    expect(read(asked(new ReadableStream())).name).toBe('chat noted');
  });

  test.each([
    [{ max_tokens: 5, max_completion_tokens: 6 }, 'gen_ai.request.max_tokens', 6],
    [{ seed: -7 }, 'gen_ai.request.seed', -7],
    [{ n: 3 }, 'gen_ai.request.choice.count', 3],
    [{ n: 1 }, 'gen_ai.request.choice.count', undefined],
    [{ service_tier: 'auto' }, 'openai.request.service_tier', undefined],
    [{ response_format: { type: 'something_new' } }, 'gen_ai.output.type', undefined],
  ])('with %j has %s=%s', (body, name, value) => {
    const { start } = read(request('POST', '/chat/completions', { body }));
    expect((start as Record<string, unknown>)[name]).toBe(value);
  });

  test('records that it is streamed only if it is', () => {
    const name = 'gen_ai.request.stream';
    expect(read(request('POST', '/chat/completions', { streamed: true })).start).toHaveProperty([name], true);
    expect(read(request('POST', '/chat/completions')).start).not.toHaveProperty([name]);
  });
});

describe('the creation of an agent', () => {
  test('records its instructions as content', () => {
    const { content } = createAgent;
    const asked = request('POST', '/assistants', { body: { instructions: 'Be kind.' } });
    expect(content?.input?.(asked).systemInstructions).toEqual([{ type: 'text', content: 'Be kind.' }]);
    expect(content?.input?.(request('POST', '/assistants')).systemInstructions).toEqual([]);
  });
});

describe('any other request', () => {
  test.each([
    ['/skills/skill_1/versions', '3', { id: 'skillver_1', version: '3' }, 'openai.version.id'],
    ['/organization/projects/proj_1/groups', 'group_1', { group_id: 'group_1' }, 'openai.group.id'],
  ])('has the value that its path has later: %s/%s', (path, value, created, attribute) => {
    expect(read(request('POST', path), created).end).toEqual({ [attribute]: value });
    expect(read(request('DELETE', `${path}/${value}`)).start).toMatchObject({ [attribute]: value });
    expect(read(request('POST', path), { id: 'another' }).end).toEqual({});
  });

  test('has the status of the run or step that it retrieves', () => {
    const run = { object: 'thread.run', status: 'completed', assistant_id: 'asst_1' };
    expect(read(request('GET', '/threads/t/runs/r'), run).end).toEqual({
      'openai.run.status': 'completed',
      'openai.assistant.id': 'asst_1',
    });
    const step = { object: 'thread.run.step', type: 'tool_calls', status: 'failed' };
    expect(read(request('GET', '/threads/t/runs/r/steps/s'), step).end).toEqual({
      'openai.step.type': 'tool_calls',
      'openai.step.status': 'failed',
    });
  });

  test.each([
    [{ object: 'fine_tuning.job', status: 'validating_files' }, 'validating_files'],
    [{ object: 'response', status: 'failed' }, undefined],
    [{ object: 'thread.run', status: 'failed' }, undefined],
    [{ status: { type: 'active' } }, undefined],
    [{ status: 200 }, undefined],
    [{ status: 'Dear John' }, undefined],
    [{ status: 'sk-proj-0Ab9' }, undefined],
    [{ status: 'x'.repeat(33) }, undefined],
  ])('has the status of any other resource, if it is a short word: %j', (result, status) => {
    const end = read(request('GET', '/brand'), result).end as Record<string, unknown>;
    expect(end['openai.resource.status']).toBe(status);
  });
});
