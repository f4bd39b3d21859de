import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../support/lanes/command.ts';
import type { SpanData } from '../support/lanes/program.ts';
import { BEHAVIOURS } from '../transparency/behaviours/index.ts';
import { startServers } from '../transparency/servers.ts';
import type { Report } from '../transparency/verdict.ts';
import type { InstalledVersion } from './lanes.ts';
import {
  type MetricPoint,
  NOTHING,
  type Outcome,
  type Outcomes,
  spanData,
  type WrittenSpan,
} from './outcome.ts';
import { counted } from './recorder.ts';

const TIMEOUT = 120_000;

/**
 * Runs the programs of `test/transparency`, which load `openai` after the module hooks and tell everything that they see
 * of it.
 */
export async function runBehaviours({ directory }: InstalledVersion, line: 2 | 3): Promise<Outcomes> {
  const sources = join(directory, 'test/transparency');
  const folder = await mkdtemp(join(tmpdir(), 'compare-'));
  const [input, output] = [join(folder, 'input.json'), join(folder, 'output.json')];
  const servers = await startServers(BEHAVIOURS);
  try {
    await writeFile(input, JSON.stringify({ stages: servers.stages }));
    const { code, stdout, stderr } = await run(
      process.execPath,
      ['--expose-gc', '--import', `./runtime/hook-${line}.mjs`, './runtime/main.mjs'],
      { cwd: sources, env: { INPUT: input, OUTPUT: output }, timeout: TIMEOUT },
    );
    const { outcomes, telemetry } = JSON.parse(await readFile(output, 'utf8')) as Report;
    const ofPrograms = BEHAVIOURS.map(({ name }): [string, Outcome] => [
      `behaviour: ${name}`,
      {
        ...NOTHING,
        spans: (telemetry?.spans[name] ?? []).map(dataOf),
        requests: servers.requests(name),
        result: outcomes[name],
      },
    ]);
    const together: Outcome = {
      ...NOTHING,
      spans: (telemetry?.strays ?? []).map(dataOf),
      metrics: (telemetry?.metrics ?? []).flatMap(pointsOf),
      diag: telemetry?.warnings ?? [],
      ...{ stdout, stderr, code },
    };
    return Object.fromEntries([...ofPrograms, ['behaviours together', together]]);
  } finally {
    await servers.close();
    await rm(folder, { recursive: true, force: true });
  }
}

type WrittenMetric = NonNullable<Report['telemetry']>['metrics'][number];

function pointsOf(metric: WrittenMetric): MetricPoint[] {
  const { descriptor, dataPoints } = metric as unknown as {
    readonly descriptor: { readonly name: string; readonly unit: string };
    readonly dataPoints: readonly {
      readonly attributes: MetricPoint['attributes'];
      readonly value: unknown;
    }[];
  };
  const { name, unit } = descriptor;
  return dataPoints.map(({ attributes, value }) => ({ name, unit, attributes, ...counted(value) }));
}

function dataOf(span: SpanData): Outcome['spans'][number] {
  return spanData(span as unknown as WrittenSpan);
}
