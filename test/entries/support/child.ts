import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Completed, start } from '../../support/lanes/command.ts';
import { laneDirectory } from '../../support/lanes/paths.ts';

export interface ChildProgram {
  readonly lane: string;
  /** Where the program stands instead. */
  readonly directory?: string;
  readonly format: 'cjs' | 'mjs';
  readonly text: string;
  /** Flags before the program. */
  readonly parameters?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Sent each time the program writes a line that says `ready`, in this order. */
  readonly signals?: readonly NodeJS.Signals[];
}

/** How a program ended, as its parent process sees it. */
export interface Ended extends Completed {
  readonly signal: NodeJS.Signals | null;
}

export const PACKAGE = 'opentelemetry-instrumentation-openai';

/** Longer than any program takes; the exporters give up after ten seconds. */
const TIMEOUT = 40_000;

/** What Node has compiled before starts a program sooner, and changes nothing else. */
const { PATH, NODE_COMPILE_CACHE = '' } = process.env;

/** Runs a program in a lane to its end, whatever that is. Nothing else of this process's environment reaches it. */
export async function runChild(program: ChildProgram): Promise<Ended> {
  const { lane, directory = laneDirectory(lane), format, text } = program;
  const { parameters = [], env = {}, signals = [] } = program;
  const file = join(directory, `entry-${randomUUID()}.${format}`);
  await writeFile(file, text);
  const { child, finished } = start(process.execPath, [...parameters, file], {
    cwd: directory,
    env: { PATH, NODE_COMPILE_CACHE, ...env },
    timeout: TIMEOUT,
  });
  const waiting = [...signals];
  let stdout = '';
  child.stdout.on('data', (text: string) => {
    stdout += text;
    const unheard = stdout.split('ready\n').length - 1 - (signals.length - waiting.length);
    for (const signal of waiting.splice(0, unheard)) child.kill(signal);
  });
  try {
    return { ...(await finished), signal: child.signalCode };
  } finally {
    await rm(file);
  }
}
