import { describe, expect, test } from 'vitest';
import { ask, askStreaming } from '../support/ask.ts';
import { completionBody, responseBody } from '../support/bodies.ts';
import { type Program, startProgram } from '../support/program.ts';

const MESSAGE = { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'secret' }] };
const FILTERS = {
  hate: { filtered: true, severity: 'medium' },
  violence: { filtered: false, severity: 'low' },
  jailbreak: { filtered: true, detected: true },
  'My list': { filtered: true },
};
const BLOCKED = ['hate:medium', 'jailbreak'];

function attributes({ telemetry }: Program): Record<string, unknown> {
  return telemetry.spans.at(-1)?.attributes ?? {};
}

async function askResponses({ client }: Program, stream = false): Promise<void> {
  const answer = await client.responses.create({ model: 'gpt-4o', input: 'Hello', stream });
  if (Symbol.asyncIterator in answer) for await (const _ of answer);
}

describe('a refusal is told from an answer, even without consent', () => {
  const choice = { index: 0, finish_reason: 'stop' };

  test.each<[string, answer: object, call: (program: Program) => Promise<unknown>]>([
    [
      'of a chat completion',
      {
        body: completionBody('', { choices: [{ ...choice, message: { content: null, refusal: 'secret' } }] }),
      },
      ({ client }) => ask(client),
    ],
    [
      'of a streamed chat completion',
      {
        sse: [
          { data: { id: 'c', model: 'm', choices: [{ ...choice, delta: { refusal: 'secret' } }] } },
          'done',
        ],
      },
      ({ client }) => askStreaming(client),
    ],
    ['of a response', { body: responseBody([MESSAGE]) }, (program) => askResponses(program)],
    [
      'of a streamed response',
      {
        sse: [
          {
            event: 'response.completed',
            data: { type: 'response.completed', response: responseBody([MESSAGE]) },
          },
        ],
      },
      (program) => askResponses(program, true),
    ],
  ])('%s', async (_, answer, call) => {
    const program = await startProgram();
    program.simulator.next(answer);
    await call(program);
    expect(attributes(program)).toMatchObject({ 'openai.response.refused': true });
    await call(program);
    expect(attributes(program)).not.toHaveProperty(['openai.response.refused']);
  });
});

describe("the categories of Azure's filters that blocked", () => {
  const results = { content_filter_results: FILTERS };

  test('a chat completion are recorded', async () => {
    const program = await startProgram();
    const choices = [{ index: 0, finish_reason: 'content_filter', message: {}, ...results }];
    program.simulator.next({ body: completionBody('', { choices }) });
    await ask(program.client);
    expect(attributes(program)).toMatchObject({ 'openai.content_filter.categories': BLOCKED });
  });

  test('a response are recorded', async () => {
    const program = await startProgram();
    const more = {
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
      content_filters: [{ blocked: true, source_type: 'completion', ...results }, {}],
    };
    program.simulator.next({ body: responseBody([], more) });
    await askResponses(program);
    expect(attributes(program)).toMatchObject({ 'openai.content_filter.categories': BLOCKED });
  });

  test('a prompt are recorded with the error', async () => {
    const program = await startProgram();
    const innererror = { code: 'ResponsibleAIPolicyViolation', content_filter_result: FILTERS };
    program.simulator.next({
      status: 400,
      body: { error: { code: 'content_filter', message: 'No', innererror } },
    });
    await expect(ask(program.client)).rejects.toThrow();
    expect(attributes(program)).toMatchObject({
      'error.type': 'content_filter',
      'openai.content_filter.categories': BLOCKED,
    });
  });

  test('nothing are not recorded', async () => {
    const program = await startProgram();
    await ask(program.client);
    expect(attributes(program)).not.toHaveProperty(['openai.content_filter.categories']);
  });
});
