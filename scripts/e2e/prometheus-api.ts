import { prometheusMetric } from './prometheus-names.ts';
import type { StoredPoint } from './sent.ts';
import { getJson } from './server.ts';

interface Answer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [time: number, value: string];
    }[];
  };
}

/** A value that a query has answered. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Queries a server with PromQL. @param time in seconds since the epoch; by default now */
export async function queryPrometheus(server: string, query: string, time?: number): Promise<Sample[]> {
  const parameters = new URLSearchParams({ query, ...(time === undefined ? {} : { time: String(time) }) });
  const { data } = (await getJson(`${server}/api/v1/query?${parameters}`)) as Answer;
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

/** Queries a server with PromQL for the sums of a histogram, by labels. */
export async function querySums(server: string, metric: string, unit: string): Promise<StoredPoint[]> {
  const samples = await queryPrometheus(server, `${prometheusMetric(metric, unit)}_sum`);
  return samples.map(({ labels, value }) => ({ metric, unit, value, attributes: labels }));
}
