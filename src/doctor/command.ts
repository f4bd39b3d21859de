import { parseArgs } from 'node:util';
import type { TextStream } from '../util/text-stream.ts';
import { NAME } from '../util/version.ts';
import { type Check, findingsOf } from './check.ts';
import { printChecks, printJson } from './print.ts';
import { probeCollector } from './probe.ts';
import { examineProject } from './project.ts';

export const DOCTOR_USAGE: string =
  `Usage: ${NAME} doctor [--json] [--start "<command>"]\n` +
  '  --json   print the checks and the findings as JSON\n' +
  '  --start  examine this command, such as "node app.mjs", in the place of the start scripts of package.json\n' +
  'Exits with 1 if there is a problem.\n';

interface DoctorParameters {
  readonly json: boolean;
  readonly start: string | undefined;
}

/**
 * Looks at the project of the current folder, and asks the endpoint that the environment names.
 *
 * @returns the exit code: 1 where there is a problem, 2 where the parameters are not understood
 */
export async function runDoctor(
  parameters: readonly string[],
  output: TextStream,
  errors: TextStream,
): Promise<number> {
  const read = readDoctorParameters(parameters);
  if (read === undefined) {
    errors.write(DOCTOR_USAGE);
    return 2;
  }
  const { json, start } = read;
  const checks: Check[] = examineProject({ project: process.cwd(), environment: process.env, start });
  checks.push(await probeCollector(process.env));
  (json ? printJson : printChecks)(checks, output);
  return findingsOf(checks).some(({ severity }) => severity === 'warning') ? 1 : 0;
}

function readDoctorParameters(parameters: readonly string[]): DoctorParameters | undefined {
  try {
    const { values } = parseArgs({
      args: [...parameters],
      options: { json: { type: 'boolean', default: false }, start: { type: 'string' } },
    });
    return { json: values.json, start: values.start };
  } catch {
    return undefined;
  }
}
