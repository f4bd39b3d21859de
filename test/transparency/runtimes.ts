import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { mustRun } from '../support/lanes/command.ts';
import { OTHER_NODE_LANES, RUNTIMES_LANE } from '../support/lanes/lanes.ts';
import { laneDirectory, nodeIn } from '../support/lanes/paths.ts';
import type { Cell } from './cell.ts';
import type { Stage } from './servers.ts';
import { sourcesIn } from './sources.ts';
import type { Report } from './verdict.ts';

/** How long all programs of a cell may take together. */
const TIMEOUT = 180_000;

/** Runs all programs of a cell, in a process of their own. */
export async function runPrograms(
  cell: Cell,
  stages: readonly Stage[],
  instrumented: boolean,
): Promise<Report> {
  return cell.runtime === 'workerd'
    ? runWorker(cell, stages, instrumented)
    : runProcess(cell, stages, instrumented);
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

/** A Worker is asked over HTTP; which port it listens on, workerd reports on a file descriptor of its own. */
async function runWorker(cell: Cell, stages: readonly Stage[], instrumented: boolean): Promise<Report> {
  const child = spawn(binary('workerd'), ['serve', 'worker.capnp', '--control-fd=3'], {
    cwd: join(sourcesIn(cell.lane.name), 'worker'),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: TIMEOUT,
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  try {
    const port = await readPort(child.stdio[3] as Readable);
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: JSON.stringify({ stages, instrumented }),
    });
    if (!response.ok)
      throw new Error(`The Worker answered ${response.status}: ${await response.text()}\n${errors}`);
    return (await response.json()) as Report;
  } finally {
    child.kill('SIGKILL');
  }
}

async function readPort(control: Readable): Promise<number> {
  let text = '';
  for await (const part of control) {
    text += String(part);
    const port = /"port":\s*(\d+)/.exec(text)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`workerd does not listen: ${text}`);
}
