import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from '../support/lanes/command.ts';
import { OTHER_NODE_LANES, RUNTIMES_LANE } from '../support/lanes/lanes.ts';
import { laneDirectory, nodeIn } from '../support/lanes/paths.ts';
import { askWorker } from '../support/workerd.ts';
import type { Cell } from './cell.ts';
import type { Stage } from './servers.ts';
import { sourcesIn } from './sources.ts';
import type { Report } from './verdict.ts';

/** How long all programs of a cell may take together. */
const TIMEOUT = 180_000;
const COMPATIBILITY_DATE = '2026-01-01';

/** Runs all programs of a cell, in a process of their own. */
export async function runPrograms(
  cell: Cell,
  stages: readonly Stage[],
  instrumented: boolean,
): Promise<Report> {
  if (cell.runtime !== 'workerd') return runProcess(cell, stages, instrumented);
  const folder = join(sourcesIn(cell.lane.name), 'worker');
  const asked = JSON.stringify({ stages, instrumented });
  return (await askWorker(folder, COMPATIBILITY_DATE, asked, TIMEOUT)) as Report;
}

async function runProcess(cell: Cell, stages: readonly Stage[], instrumented: boolean): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'transparency-'));
  const [input, output] = [join(directory, 'input.json'), join(directory, 'output.json')];
  await writeFile(input, JSON.stringify({ stages }));
  const { command, parameters, throughClient } = commandOf(cell, instrumented);
  try {
    await mustRun(command, parameters, {
      cwd: sourcesIn(cell.lane.name),
      env: {
        INPUT: input,
        OUTPUT: output,
        ...(throughClient && instrumented ? { THROUGH_CLIENT: 'yes' } : {}),
        ...(cell.content ? { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'SPAN_ONLY' } : {}),
      },
      timeout: TIMEOUT,
    });
    return JSON.parse(await readFile(output, 'utf8')) as Report;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Command {
  readonly command: string;
  readonly parameters: readonly string[];
  readonly throughClient: boolean;
}

function commandOf({ runtime, format, lane }: Cell, instrumented: boolean): Command {
  if (runtime === 'bun') {
    return { command: binary('bun'), parameters: ['run', 'runtime/main.mjs'], throughClient: true };
  }
  if (runtime === 'deno') {
    const flags = ['--allow-all', '--v8-flags=--expose-gc', '--node-modules-dir=manual', '--no-lock'];
    return {
      command: binary('deno'),
      parameters: ['run', ...flags, 'runtime/main.mjs'],
      throughClient: true,
    };
  }
  const directory = format === 'cjs' ? 'cjs' : 'runtime';
  const hook = [format === 'cjs' ? '--require' : '--import', `./${directory}/hook-${lane.line}.${format}`];
  return {
    command: OTHER_NODE_LANES.some(({ name }) => name === runtime) ? nodeIn(runtime) : process.execPath,
    parameters: ['--expose-gc', ...(instrumented ? hook : []), `./${directory}/main.${format}`],
    throughClient: false,
  };
}

function binary(name: string): string {
  return join(laneDirectory(RUNTIMES_LANE.name), 'node_modules', '.bin', name);
}
