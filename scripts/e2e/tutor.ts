import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../../test/support/lanes/command.ts';
import { ROOT } from '../../test/support/lanes/paths.ts';
import type { Protocol } from './backend.ts';
import type { Sent } from './sent.ts';
import { dataDirectory } from './server.ts';

/** Runs the Math Tutor in a separate process. @returns what it sent */
export async function runTutor(protocol: Protocol, env: Readonly<Record<string, string>>): Promise<Sent> {
  const directory = await dataDirectory('sent');
  const file = join(directory, 'sent.json');
  try {
    await mustRun(process.execPath, ['scripts/e2e/program.ts', protocol, file], { cwd: ROOT, env });
    return JSON.parse(await readFile(file, 'utf8')) as Sent;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
