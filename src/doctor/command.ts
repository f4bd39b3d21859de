import { parseArgs } from 'node:util';
import { commandParameters } from '../util/terminal-safe.ts';
import type { TextStream } from '../util/text-stream.ts';
import { COMMAND } from '../util/version.ts';
import { type Check, findingsOf, printChecks, printJson } from './check.ts';
import { ENDPOINT_CHECK, examineCollector } from './collector.ts';
import { examineProject } from './project.ts';

const DOCTOR_USAGE =
  `Usage: ${COMMAND} doctor [--json] [--start "<command>"]\n` +
  '  --json   prints the checks and the findings as JSON\n' +
  '  --start  examines this command, such as "node app.mjs", instead of the start scripts of package.json\n' +
  'Exits with 1 if it finds a problem.\n';

/**
 * Examines the project of the current folder, and asks the endpoint of the environment whether it accepts traces.
 *
 * @returns the exit code: 1 if there is a problem, 2 for wrong parameters
 */
export async function runDoctor(
  parameters: readonly string[],
  output: TextStream,
  errors: TextStream,
): Promise<number> {
  const read = commandParameters(DOCTOR_USAGE, errors, () => parseDoctorParameters(parameters));
  if (read === undefined) return 2;
  if (read.help) {
    output.write(DOCTOR_USAGE);
    return 0;
  }
  const { json, start } = read;
  const checks: Check[] = examineProject({ project: process.cwd(), environment: process.env, start });
  const isSetByScript = checks.some(
    ({ subject, result }) => subject === ENDPOINT_CHECK && result !== 'skipped',
  );
  checks.push(await examineCollector(process.env, isSetByScript));
  (json ? printJson : printChecks)(checks, output);
  return findingsOf(checks).some(({ severity }) => severity === 'warning') ? 1 : 0;
}

function parseDoctorParameters(parameters: readonly string[]): {
  readonly help: boolean;
  readonly json: boolean;
  readonly start?: string | undefined;
} {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      json: { type: 'boolean', default: false },
      start: { type: 'string' },
    },
  });
  return values;
}
