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

/** Queries a server with PromQL for the sums of a histogram, by labels. */
export async function querySums(server: string, metric: string, unit: string): Promise<StoredPoint[]> {
  const query = encodeURIComponent(`${prometheusMetric(metric, unit)}_sum`);
  const { data } = (await getJson(`${server}/api/v1/query?query=${query}`)) as Answer;
  return data.result.map((series) => ({
    metric,
    unit,
    value: Number(series.value[1]),
    attributes: series.metric,
  }));
}
