import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { queryPrometheus } from '../prometheus-api.ts';
import { FLEET } from './plans.ts';
import { SimulatedProcess } from './process.ts';
import { documentedQueries, linkedQueries, type NamedQuery, panelQueries, ruleQueries } from './queries.ts';
import { panelTruth, type Restriction, ruleTruth, type Series, type Value } from './truth.ts';

/** Restrictions by each variable of the dashboard. */
const RESTRICTIONS: readonly Restriction[] = [
  {},
  { service: 'shop' },
  { service: 'writer' },
  { environment: 'staging' },
  { model: 'gpt-5' },
];

/**
 * Sends the telemetry of a fleet to Prometheus, and compares what each query of the dashboard, the rules and the
 * documents answers with what the fleet was given.
 *
 * @returns the number of answers
 * @throws Error with the differences
 */
export async function checkQueries(server: string): Promise<number> {
  const end = Math.floor(Date.now() / 60_000) * 60;
  await sendFleet(`${server}/api/v1/otlp/v1/metrics`, end);
  const questions = [
    ...RESTRICTIONS.flatMap((restriction) => {
      const expected = panelTruth(restriction);
      return panelQueries({ ...restriction }).map((query) => ({
        ...query,
        expected: expected.get(query.name),
      }));
    }),
    ...[...ruleQueries(), ...linkedQueries(), ...documentedQueries()].map((query) => ({
      ...query,
      expected: ruleTruth().get(query.name),
    })),
  ];
  const differences: string[] = [];
  for (const question of questions) {
    const difference = await ask(server, end, question);
    if (difference !== undefined) differences.push(difference);
  }
  if (differences.length > 0) throw new Error(differences.join('\n\n'));
  return questions.length;
}

async function sendFleet(url: string, end: number): Promise<void> {
  const exporter = new OTLPMetricExporter({ url });
  const processes = FLEET.map((plan, index) => new SimulatedProcess(plan, `instance-${index}`));
  const first = Math.max(...FLEET.map(({ minutes }) => minutes[0]));
  for (let minute = first; minute >= 0; minute--) {
    for (const process of processes.filter((one) => one.runs(minute))) {
      process.work();
      await process.export(exporter, end, minute);
    }
  }
  await exporter.shutdown();
}

async function ask(
  server: string,
  time: number,
  { name, query, expected }: NamedQuery & { readonly expected: Series | undefined },
): Promise<string | undefined> {
  if (expected === undefined) return `${name}: truth.ts does not say what it must answer`;
  const answer = new Map(
    (await queryPrometheus(server, query, time)).map(({ labels, value }) => [keyOf(labels), value]),
  );
  const isRight =
    answer.size === expected.size && [...expected].every(([key, value]) => matches(answer.get(key), value));
  return isRight ? undefined : `${name}\n${query}\nexpected ${textOf(expected)}\nfound    ${textOf(answer)}`;
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return Object.keys(labels)
    .filter((name) => name !== '__name__')
    .sort()
    .map((name) => labels[name])
    .join(' ');
}

function matches(found: number | undefined, expected: Value): boolean {
  if (found === undefined) return false;
  if (typeof expected !== 'number') return found > expected[0] && found <= expected[1];
  return Math.abs(found - expected) <= 1e-9 * Math.max(1, Math.abs(expected));
}

function textOf(series: ReadonlyMap<string, Value>): string {
  return JSON.stringify(Object.fromEntries([...series].sort()));
}
