import type { OpenAI } from 'openai';
import { describe, expect, test } from 'vitest';
import { doctor } from '../../../src/doctor/index.ts';
import { ask, askStreaming } from '../../support/ask.ts';
import { forgetNotices } from '../../support/process-state.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { startTutor } from '../../support/tutor.ts';

const TOKENS = { input_mtok: 1e6, output_mtok: 1e6 };
/** List prices of OpenAI alone, and of no other provider. */
const cost = {
  calcPrice: (_: object, __: string, { providerId }: { providerId: string }) =>
    providerId === 'openai' ? { model_price: { ...TOKENS, service_tiers: { batch: TOKENS } } } : undefined,
};
const OPENAI = { host: '127.0.0.1', provider: 'openai' };
const GATEWAY = { host: '127.0.0.1', provider: 'portkey' };

/** Sends requests to a server that is not OpenAI's: its answers lack OpenAI's headers, and may have others. */
function elsewhere(more: Readonly<Record<string, string>> = {}): typeof fetch {
  return async (url, init) => {
    const { body, status, headers } = await fetch(url, init);
    const others = [...headers].filter(([name]) => !name.startsWith('openai-'));
    return new Response(body, { status, headers: { ...Object.fromEntries(others), ...more } });
  };
}

function costs({ telemetry }: Pick<Program, 'telemetry'>): unknown[] {
  return telemetry.spans.map(({ attributes }) => attributes['openai.cost']);
}

const both = async (client: OpenAI): Promise<void> => {
  await ask(client);
  await askStreaming(client, 'Hello', { stream_options: { include_usage: true } } as object);
};

describe("a host that is not listed has OpenAI's prices only", () => {
  test.each(['openai-version', 'openai-processing-ms', 'openai-organization'])(
    'if its answer has the header %s',
    async (header) => {
      const { client, telemetry } = await startProgram({
        config: { cost },
        client: { fetch: elsewhere({ [header]: '1' }) },
      });
      await both(client);
      expect(costs({ telemetry })).toEqual([expect.any(Number), expect.any(Number)]);
    },
  );

  test('for these answers: others of the same client have no cost', async () => {
    const program = await startProgram({ config: { cost }, mayLog: true });
    await ask(program.client);
    program.simulator.next({ headers: { 'openai-version': '', 'openai-processing-ms': '' } });
    await ask(program.client);
    expect(costs(program)).toEqual([expect.any(Number), undefined]);
  });

  test.each([
    ['if the user lists it', { cost, providers: [OPENAI] }],
    ['or gives prices', { cost, prices: { '*': { input_mtok: 1, output_mtok: 1 } } }],
  ])('%s', async (_, config) => {
    const program = await startProgram({ config, client: { fetch: elsewhere() } });
    await both(program.client);
    expect(costs(program)).toEqual([expect.any(Number), expect.any(Number)]);
  });

  test('and if it has none, one finding says so, with the line of providers', async () => {
    forgetNotices();
    const program = await startProgram({ config: { cost }, client: { fetch: elsewhere() }, mayLog: true });
    await both(program.client);
    expect(costs(program)).toEqual([undefined, undefined]);
    const { host } = new URL(program.simulator.url);
    const [finding, ...others] = doctor().filter(({ code }) => code === 'host_unlisted');
    expect(others).toEqual([]);
    expect(finding?.action).toContain(`providers: [{ host: '${host}', provider: 'openai' }]`);
  });
});

test('a gateway without prices of its own passes on answers of OpenAI, which cost what OpenAI charges', async () => {
  const config = { cost, providers: [GATEWAY] };
  const program = await startProgram({ config });
  await ask(program.client);
  expect(costs(program)).toEqual([expect.any(Number)]);
  const other = await startProgram({ config, client: { fetch: elsewhere() }, mayLog: true });
  await ask(other.client);
  expect(costs(other)).toEqual([undefined]);
});

test.each([
  ['whose answers are those of OpenAI', fetch, expect.any(Number)],
  ['of another server', elsewhere(), undefined],
])('runs and batches of an endpoint %s', async (_, sent, expected) => {
  const tutor = await startTutor({ config: { cost }, client: { fetch: sent }, mayLog: true });
  const { threads } = tutor.client.beta;
  await threads.runs.createAndPoll(
    tutor.threadId,
    { assistant_id: tutor.assistantId },
    { pollIntervalMs: 1 },
  );
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
  tutor.simulator.next({
    when: { path: '/batches/batch_1' },
    body: { id: 'batch_1', status: 'completed', model: 'gpt-4o-mini', usage },
  });
  await tutor.client.batches.retrieve('batch_1');
  const [run] = await tutor.flushed('invoke_agent');
  expect(run?.attributes['openai.total.cost']).toEqual(expected);
  const [step] = tutor.ended('chat');
  expect(step?.attributes['openai.cost']).toEqual(expected);
  const [batch] = tutor.ended('GET /batches/{batch_id}');
  expect(batch?.attributes['openai.total.cost']).toEqual(expected);
});

describe('the cost in a header of LiteLLM', () => {
  test.each([
    ['0.25', [0.25, 0.25]],
    ['2.5e-05', [0.000025, 0.000025]],
    ['0', [0, undefined]],
    ['0.0', [0, undefined]],
    ['-1', [undefined, undefined]],
    ['none', [undefined, undefined]],
    ['1e300', [undefined, undefined]],
  ])('%s', async (header, expected) => {
    const sent = elsewhere({ 'x-litellm-response-cost': header });
    const program = await startProgram({ config: { cost }, client: { fetch: sent }, mayLog: true });
    await both(program.client);
    expect(costs(program)).toEqual(expected);
  });

  test('gives way to prices of the program', async () => {
    const sent = elsewhere({ 'x-litellm-response-cost': '5' });
    const config = { cost, prices: { '*': { input_mtok: 0, output_mtok: 0 } } };
    const program = await startProgram({ config, client: { fetch: sent } });
    await ask(program.client);
    expect(costs(program)).toEqual([0]);
  });
});
