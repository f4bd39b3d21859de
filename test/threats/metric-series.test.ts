import { type Attributes, ROOT_CONTEXT } from '@opentelemetry/api';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { instrumentOpenAI } from '../../src/client.ts';
import { logFindings } from '../../src/diagnostics/report.ts';
import { withError } from '../../src/telemetry/metrics/metric-series.ts';
import { Metrics } from '../../src/telemetry/metrics/metrics.ts';
import { completionBody } from '../support/bodies.ts';
import { forgetMetricSeries, forgetNotices } from '../support/process-state.ts';
import { type Session, startSession } from '../support/session.ts';

const DURATION = 'gen_ai.client.operation.duration';
const USAGE = 'gen_ai.client.token.usage';
/** What the SDK merges further series of an instrument into, once it has 2,000. */
const OVERFLOW = 'otel.metric.overflow';

/** A program as it stands after its first call; what the server answers is in the server's hands. */
interface Attacked {
  readonly session: Session;
  /** A call that asks for a model, and gets what the answer says. */
  ask(model: string, answer?: Attributes): Promise<unknown>;
  series(metric: string): Promise<Attributes[]>;
  /** The values of a dimension, each once. */
  values(metric: string, dimension: string): Promise<unknown[]>;
  /** Checks all that was recorded, and that what was said is this. */
  verify(warnings?: readonly RegExp[]): Promise<void>;
}

const running: Attacked[] = [];

beforeEach(() => {
  forgetMetricSeries();
  forgetNotices();
  logFindings();
});

afterEach(async () => {
  for (const { session } of running.splice(0)) await session.verify();
});

async function start(): Promise<Attacked> {
  let answer: Record<string, unknown> = {};
  const fetch = async (): Promise<Response> => {
    const { status = 200, ...body } = answer;
    return new Response(JSON.stringify(body), {
      status: Number(status),
      headers: { 'content-type': 'application/json' },
    });
  };
  const session = await startSession({ client: { fetch } });
  const series = async (metric: string): Promise<Attributes[]> => {
    const found = (await session.metrics()).find(({ descriptor }) => descriptor.name === metric);
    return found?.dataPoints.map(({ attributes }) => attributes) ?? [];
  };
  const attacked: Attacked = {
    session,
    series,
    async ask(model, given = {}) {
      answer = completionBody('Hi', { model, ...given });
      return session.client.chat.completions.create({ model, messages: [] }).catch(() => undefined);
    },
    async values(metric, dimension) {
      return [...new Set((await series(metric)).map((attributes) => attributes[dimension]))];
    },
    async verify(warnings = []) {
      const said = session.warnings.splice(0);
      for (const warning of warnings) expect(said.filter((line) => warning.test(line))).toHaveLength(1);
      expect(said).toHaveLength(warnings.length);
      const overflown = (await session.metrics()).flatMap(({ dataPoints }) =>
        dataPoints.filter(({ attributes }) => OVERFLOW in attributes),
      );
      expect(overflown).toEqual([]);
    },
  };
  running.push(attacked);
  return attacked;
}

async function times(count: number, run: (index: number) => Promise<unknown>): Promise<void> {
  for (let index = 0; index < count; index++) await run(index);
}

/** More than the SDK has series. */
const ATTACK = 2_100;
/** More than a dimension keeps. */
const MANY = 300;

describe('a server that answers every call with a new model name', () => {
  test('has 100 names measured, leaves series to other models, and has the real name on each span', async () => {
    const { session, ask, values, series, verify } = await start();
    await times(ATTACK, (index) => ask('gpt-4o', { model: `junk-${index}` }));
    await ask('gpt-4.1', { model: 'gpt-4.1' });
    const onSpans = session.spans.map(({ attributes }) => attributes['gen_ai.response.model']);
    expect(new Set(onSpans).size).toBe(ATTACK + 1);
    const names = await values(USAGE, 'gen_ai.response.model');
    expect(names).toHaveLength(102);
    expect(names).toEqual(expect.arrayContaining(['junk-0', 'junk-99', '_OTHER', 'gpt-4.1']));
    expect(await series(DURATION)).toHaveLength(102);
    await verify([/gen_ai\.response\.model/]);
  });

  test('displaces neither the requested name nor the names that an honest server returns later for another model', async () => {
    const { ask, values, verify } = await start();
    await times(MANY, (index) => ask('gpt-4o', { model: `junk-${index}` }));
    await ask('gpt-4o', { model: 'gpt-4o' });
    await ask('our-deployment', { model: 'gpt-4.1-2025-04-14' });
    const names = await values(DURATION, 'gen_ai.response.model');
    expect(names).toEqual(expect.arrayContaining(['gpt-4o', 'gpt-4.1-2025-04-14']));
    await verify([/gen_ai\.response\.model/]);
  });

  test('gains nothing by names that begin with the requested model', async () => {
    const { ask, series, verify } = await start();
    await times(MANY, (index) => ask('gpt-4o', { model: `gpt-4o-${index}` }));
    expect((await series(DURATION)).length).toBeLessThan(110);
    await verify([/gen_ai\.response\.model/]);
  });
});

test('an honest program has all its models, tiers, fingerprints and tools measured', async () => {
  const { ask, series, values, verify } = await start();
  await times(100, (index) => {
    const details = { service_tier: `tier-${lettered(index % 2)}`, system_fingerprint: `fp_${index % 2}` };
    return ask(`model-${index % 50}`, { model: `model-${index % 50}-2025-01-01`, ...details });
  });
  expect(await series(DURATION)).toHaveLength(50);
  expect(await series(USAGE)).toHaveLength(100);
  for (const dimension of ['service_tier', 'system_fingerprint'])
    expect(await values(DURATION, `openai.response.${dimension}`)).toHaveLength(2);
  const metrics = new Metrics();
  for (let index = 0; index < 200; index++) recordTool(metrics, `tool_${index % 20}`, 'Tutor');
  expect(await values(TOOLS, 'gen_ai.tool.name')).toHaveLength(20);
  for (let index = 0; index < 200; index++) see(metrics, `model-${index % 50}`);
  expect(await values(GAUGE, 'gen_ai.request.model')).toHaveLength(50);
  await verify();
});

/** A number in letters: a service tier with digits is not recorded. */
function lettered(index: number): string {
  return String(index).replace(/\d/g, (digit) => 'abcdefghij'.charAt(Number(digit)));
}

test.each<[string, string]>([
  ['system_fingerprint', 'openai.response.system_fingerprint'],
  ['service_tier', 'openai.response.service_tier'],
])('a server that answers every call with a new %s has 100 of them recorded', async (field, dimension) => {
  const { ask, values, verify } = await start();
  await times(MANY, (index) => ask('gpt-4o', { [field]: `junk-${lettered(index)}` }));
  expect(await values(DURATION, dimension)).toHaveLength(101);
  await verify([new RegExp(dimension)]);
});

test('a server cannot take the series of a model with a long system_fingerprint', async () => {
  const { ask, values, verify } = await start();
  await ask('gpt-4o', { system_fingerprint: 'x'.repeat(129) });
  await ask('gpt-4o', { system_fingerprint: 'x'.repeat(128) });
  const recorded = await values(DURATION, 'openai.response.system_fingerprint');
  expect(recorded).toEqual(['_OTHER', 'x'.repeat(128)]);
  await verify([/openai\.response\.system_fingerprint/]);
});

test('a server that combines few values of each dimension leaves series to other models', async () => {
  const { ask, series, values, verify } = await start();
  await times(ATTACK, (index) =>
    ask('gpt-4o', {
      model: `junk-${index % 90}`,
      system_fingerprint: `junk-${Math.floor(index / 90)}`,
      service_tier: `junk-${index % 7}`,
    }),
  );
  await ask('gpt-4.1', { model: 'gpt-4.1-2025-04-14', system_fingerprint: 'fp_1' });
  expect((await series(USAGE)).length).toBeLessThan(1_000);
  expect(await values(USAGE, 'gen_ai.response.model')).toContain('gpt-4.1-2025-04-14');
  await verify([/models, tiers and fingerprints together/]);
});

describe('an end user who chooses the model', () => {
  test('and requests thousands that the server accepts leaves series to the SDK', async () => {
    const { ask, values, verify } = await start();
    await ask('gpt-4o', { model: 'gpt-4o-2024-08-06' });
    await times(ATTACK, (index) => ask(`junk-${index}`));
    await ask('gpt-4o', { model: 'gpt-4o-2024-08-06' });
    const names = await values(USAGE, 'gen_ai.request.model');
    expect(names).toHaveLength(501);
    expect(names).toEqual(expect.arrayContaining(['gpt-4o', '_OTHER']));
    await verify([/gen_ai\.request\.model/, /gen_ai\.response\.model/, /models, tiers and fingerprints/]);
  });

  test('and requests thousands that do not exist does not displace existing ones', async () => {
    const { ask, values, verify } = await start();
    await times(ATTACK, (index) => ask(`junk-${index}`, { status: 404 }));
    await times(250, (index) => ask(`fine-tuned-${index}`));
    const names = await values(DURATION, 'gen_ai.request.model');
    expect(names).toHaveLength(100 + 1 + 250);
    expect(names).toContain('fine-tuned-249');
    await verify([/gen_ai\.request\.model/]);
  });
});

test('a host with a new port for each call has 100 ports recorded', async () => {
  const { ask, values, series, session, verify } = await start();
  await ask('gpt-4o');
  await times(ATTACK, (index) => {
    const client = session.client.withOptions({ baseURL: `http://127.0.0.1:${20_000 + index}/v1` });
    return client.chat.completions.create({ model: 'gpt-4o', messages: [] }).catch(() => undefined);
  });
  expect(await series(DURATION)).toHaveLength(101);
  expect(await values(DURATION, 'server.address')).toEqual(['127.0.0.1', '_OTHER']);
  expect(await values(DURATION, 'server.port')).toHaveLength(101);
  await verify([/server\.address/]);
});

test('the error types that a server chooses are limited to 100, even for many models', () => {
  const types = new Set<unknown>();
  const series = new Set<string>();
  for (let index = 0; index < ATTACK; index++) {
    const dimensions = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': `m-${index % 20}` };
    const failed = withError(dimensions, `junk_${index}`);
    expect(dimensions).not.toHaveProperty(['error.type']);
    types.add(failed['error.type']);
    series.add(JSON.stringify(failed));
  }
  expect(types.size).toBe(101);
  expect(series.size).toBeLessThan(350);
});

test('few combinations of models with the error types that a server chooses are recorded', () => {
  const failures = new Set<string>();
  for (let model = 0; model < 40; model++)
    for (let type = 0; type < 40; type++) {
      const dimensions = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': `m-${model}` };
      failures.add(JSON.stringify(withError(dimensions, `junk_${type}`)));
    }
  expect(failures.size).toBe(300 + 33);
});

const TOOLS = 'gen_ai.execute_tool.duration';

function recordTool(metrics: Metrics, name: string, agent: string): void {
  const dimensions = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': name,
    'gen_ai.tool.type': 'function',
    'gen_ai.agent.name': agent,
  };
  metrics.recordLocalDuration(1, dimensions, undefined, ROOT_CONTEXT);
}

test('a model that invents tool names has 100 of tools and of agents recorded, and few combinations', async () => {
  const { values, series, verify } = await start();
  const metrics = new Metrics();
  recordTool(metrics, 'get_weather', 'Tutor');
  for (let index = 0; index < ATTACK; index++)
    recordTool(metrics, `junk_${index % 150}`, `Agent ${Math.floor(index / 14)}`);
  recordTool(metrics, 'get_weather', 'Tutor');
  expect(await values(TOOLS, 'gen_ai.tool.name')).toHaveLength(101);
  expect((await series(TOOLS)).length).toBeLessThan(700);
  expect(await series(TOOLS)).toContainEqual(expect.objectContaining({ 'gen_ai.tool.name': 'get_weather' }));
  await verify([/gen_ai\.tool\.name/, /for gen_ai\.agent\.name/, /combinations with gen_ai\.agent\.name/]);
});

const GAUGE = 'openai.client.ratelimit.remaining_requests';

function see(metrics: Metrics, model: string): void {
  const server = { 'server.address': 'api.openai.com', 'server.port': 443 };
  const dimensions = { 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': model, ...server };
  metrics.seeRateLimits({ 'openai.ratelimit.remaining_requests': 7 }, dimensions);
}

test('rate limits are kept for the first 100 models, whichever an end user requests later', async () => {
  const { values, verify } = await start();
  const metrics = new Metrics();
  see(metrics, 'gpt-4o');
  see(metrics, 'x'.repeat(129));
  for (let index = 0; index < MANY; index++) see(metrics, `junk-${index}`);
  const models = await values(GAUGE, 'gen_ai.request.model');
  expect(models).toHaveLength(100);
  expect(models[0]).toBe('gpt-4o');
  await verify([/models and servers with rate limits/]);
});

test('recorded values stay recorded, and all observers of a process share the limit', async () => {
  const { session, ask, values } = await start();
  await ask('gpt-4o', { system_fingerprint: 'fp_honest' });
  await times(MANY, (index) => ask('gpt-4o', { system_fingerprint: `junk-${index}` }));
  session.warnings.length = 0;
  // A client with options of its own has an observer of its own.
  const fetch = async (): Promise<Response> =>
    Response.json(completionBody('Hi', { model: 'gpt-4o', system_fingerprint: 'fp_new' }));
  const other = instrumentOpenAI(new OpenAI({ apiKey: 'test', fetch }), { cost: false });
  await other.chat.completions.create({ model: 'gpt-4o', messages: [] });
  await ask('gpt-4o', { system_fingerprint: 'fp_honest' });
  const fingerprints = await values(DURATION, 'openai.response.system_fingerprint');
  expect(fingerprints).toEqual(expect.arrayContaining(['fp_honest', '_OTHER']));
  expect(fingerprints).not.toContain('fp_new');
});
