import { METRIC_GEN_AI_CLIENT_OPERATION_DURATION } from '../../../src/semconv/metrics.ts';
import { FLEET } from './plans.ts';
import type { Plan, Work } from './process.ts';

/** A number or, for an estimate from a histogram, the bucket with the true value. */
export type Value = number | readonly [above: number, upTo: number];

/** The values of a query, by the values of its labels in the order of the labels' names. */
export type Series = ReadonlyMap<string, Value>;

/** Values of the dashboard's variables. */
export interface Restriction {
  readonly service?: string;
  readonly environment?: string;
  readonly model?: string;
}

interface Done extends Work {
  readonly service: string;
  readonly environment: string;
}

type Read = (done: Done) => number | undefined;
type Key = (done: Done) => string;

const { buckets: BUCKETS } = METRIC_GEN_AI_CLIENT_OPERATION_DURATION;

const byModel: Key = ({ model }) => model;
const byJob: Key = ({ environment, model, service }) => `${environment} ${model} ${service}`;
const byOperation: Key = ({ operation, model }) => `${operation} ${model}`;
const byError: Key = ({ error, operation }) => `${error} ${operation}`;
const count: Read = () => 1;
const cost: Read = (done) => done.cost;
const failed: Read = ({ error }) => (error === undefined ? undefined : 1);
const tokens: Read = ({ input = 0, output = 0 }) => input + output;
const seconds: Read = (done) => done.seconds;
const firstChunk: Read = (done) => done.firstChunk;

/** What each panel must show, by its name in `queries.ts`. */
export function panelTruth(restriction: Restriction): ReadonlyMap<string, Series> {
  const plans = FLEET.filter(
    ({ service, environment }) =>
      service === (restriction.service ?? service) &&
      environment === (restriction.environment ?? environment),
  );
  const done = (minutes: number): Done[] =>
    workOf(plans, minutes).filter(({ model }) => model === (restriction.model ?? model));
  const [hour, fiveMinutes] = [done(60), done(5)];
  const perSecond = { times: 1 / 300 };
  const left = plans.flatMap(({ rateLimit, work: [first] }) =>
    rateLimit === undefined || first === undefined || !hour.some(({ model }) => model === first.model)
      ? []
      : [[first.model, rateLimit[0] / rateLimit[1]] as const],
  );
  return new Map<string, Series>([
    ['Cost A', sums(hour, cost)],
    ['Tokens A', sums(hour, tokens)],
    ['Operations A', sums(hour, count)],
    ['Failed A', new Map([['', sumOf(hour, failed) / sumOf(hour, count)]])],
    ['Cost per hour A', sums(fiveMinutes, cost, { by: byModel, times: 12 })],
    ['Tokens per second A', bySide(fiveMinutes, byModel, perSecond)],
    ['Latency A', quantiles(0.5, fiveMinutes, seconds, byOperation)],
    ['Latency B', quantiles(0.95, fiveMinutes, seconds, byOperation)],
    ['First chunk of a stream A', quantiles(0.95, fiveMinutes, firstChunk, byModel)],
    ['Errors per second A', sums(fiveMinutes, failed, { by: byError, ...perSecond })],
    ['What the rate limit leaves A', new Map(left)],
    ['What the rate limit leaves B', new Map(left)],
    [
      'Cost by prompt A',
      sums(
        hour.filter(({ prompt }) => prompt),
        cost,
        { by: ({ prompt = '' }) => prompt },
      ),
    ],
    ['Duration of functions A', functions(plans)],
  ]);
}

/** What each rule and all other queries must say, by their names in `queries.ts`. */
export function ruleTruth(): ReadonlyMap<string, Series> {
  const [hour, quarter, minutes] = [workOf(FLEET, 60), workOf(FLEET, 15), workOf(FLEET, 5)];
  const byService: Key = ({ environment, service }) => `${environment} ${service}`;
  const operations = sums(quarter, count, { by: byJob });
  const failures = sums(quarter, failed, { by: byJob });
  const chunks = quantiles(0.95, quarter, firstChunk, byJob);
  const expensive = sums(hour, cost, { by: byService });
  return new Map<string, Series>([
    ['job_model:openai_operations:increase15m', operations],
    ['job_model:openai_failed_operations:increase15m', failures],
    ['job_model:openai_tokens:increase1h', bySide(hour, byJob)],
    ['job_model:openai_cost_usd:increase1h', sums(hour, cost, { by: byJob })],
    ['job_model:openai_first_chunk_seconds:p95_15m', chunks],
    // One operation in four of the shop fails, and the writer spends 15 dollars an hour.
    ['OpenAIErrorRate', new Map([['production gpt-4o-mini shop', 0.25]])],
    ['OpenAICostPerHour', filtered(expensive, (_, value) => Number(value) > 10)],
    ['OpenAISlowFirstChunk', filtered(chunks, (key) => key.endsWith('writer'))],
    ['OpenAIRunsWaiting', new Map()],
    ['OpenAIRateLimitNearlyUsed', new Map([['gpt-4o-mini shop', 0.05]])],
    ['OpenAIProcessesShareSeries', new Map()],
    ['Cost of the last hour', sums(hour, cost)],
    ['Cost of the last hour, by model', sums(hour, cost, { by: byModel })],
    ['Duration that 95 % of the operations stay below', quantiles(0.95, minutes, seconds, byModel)],
    ['Errors per second', sums(minutes, failed, { by: ({ error = '' }) => error, times: 1 / 300 })],
    ['Duration that 95 % of the functions stay below', functions(FLEET)],
    ['Tokens of the last hour, with the rules in ops/prometheus/rules.yaml', bySide(hour, byModel)],
    [
      'Services that spent more than 10 dollars within an hour, with the same rules',
      new Map([['writer', 15]]),
    ],
    ['Tokens of this model', sums(minutes, tokens, { times: 1 / 300 })],
  ]);
}

function workOf(plans: readonly Plan[], lastMinutes: number): Done[] {
  return plans.flatMap(({ minutes: [first, last], service, environment, work }) => {
    const times = Math.max(0, Math.min(first + 1, lastMinutes) - last);
    return Array.from({ length: times }, () => work.map((one) => ({ ...one, service, environment }))).flat();
  });
}

function functions(plans: readonly Plan[]): Series {
  return new Map(plans.flatMap(({ tool }) => (tool === undefined ? [] : [[tool[0], bucketOf(tool[1])]])));
}

function sumOf(done: readonly Done[], read: Read): number {
  return done.reduce((sum, one) => sum + (read(one) ?? 0), 0);
}

/** Sums by key. What has no value makes no series. */
function sums(
  done: readonly Done[],
  read: Read,
  { by = () => '', times = 1 }: { readonly by?: Key; readonly times?: number } = {},
): Series {
  const groups = groupBy(
    done.filter((one) => read(one)),
    by,
  );
  return new Map([...groups].map(([key, group]) => [key, sumOf(group, read) * times]));
}

/** Tokens by key and token type, whose label comes after that of the model and before that of the job. */
function bySide(done: readonly Done[], by: Key, options: { readonly times?: number } = {}): Series {
  const side = (type: string, read: Read): Series =>
    sums(done, read, { ...options, by: (one) => by(one).replace(one.model, `${one.model} ${type}`) });
  return new Map([...side('input', ({ input }) => input), ...side('output', ({ output }) => output)]);
}

function quantiles(q: number, done: readonly Done[], read: Read, by: Key): Series {
  const groups = groupBy(
    done.filter((one) => read(one) !== undefined),
    by,
  );
  return new Map(
    [...groups].map(([key, group]) => {
      const values = group.flatMap((one) => read(one) ?? []).sort((a, b) => a - b);
      return [key, bucketOf(values[Math.ceil(q * values.length) - 1] ?? Number.NaN)];
    }),
  );
}

function bucketOf(value: number): Value {
  const index = BUCKETS.findIndex((bound) => value <= bound);
  return [BUCKETS[index - 1] ?? 0, BUCKETS[index] ?? Number.POSITIVE_INFINITY];
}

function groupBy(done: readonly Done[], by: Key): Map<string, Done[]> {
  return Map.groupBy(done, by);
}

function filtered(series: Series, holds: (key: string, value: Value) => boolean): Series {
  return new Map([...series].filter(([key, value]) => holds(key, value)));
}
