import { parseArgs } from 'node:util';
import { commandParameters } from 'openai-traces-viewer/shared/command-line.ts';
import { COMMAND } from 'openai-traces-viewer/shared/names.ts';
import { escapeControlCharacters, terminalSafe } from 'openai-traces-viewer/shared/terminal-safe.ts';
import type { TextStream } from 'openai-traces-viewer/shared/text-stream.ts';
import { endpointVariable } from '../config/otlp.ts';
import { type Environment, readEnvironment } from '../util/variables.ts';
import { NAME, VERSION } from '../util/version.ts';
import { type Check, distinct, findingsOf, isProblem, skippedCheck } from './check.ts';
import { COLLECTOR_CHECK, examineCollector } from './collector.ts';
import { environmentsOf, examineProject } from './project.ts';

const DOCTOR_USAGE =
  `Usage: ${COMMAND} doctor [--json] [--start "<command>"]\n` +
  '  --json   prints the checks and the findings as JSON\n' +
  '  --start  examines this command, such as "node app.mjs", instead of the start scripts of package.json\n' +
  'Exits with 1 if it finds a problem.\n';

/** The maximum length of a line: lines quote commands, versions and options, which may be long. */
const MAX_LINE_LENGTH = 4_000;

/**
 * Checks the project in the current folder, and whether the endpoint of its exporters accepts traces.
 *
 * @returns the exit code: 0 if all is well, 1 if there is a problem, 2 for wrong parameters
 */
export async function runDoctor(
  parameters: readonly string[],
  output: TextStream,
  errors: TextStream,
): Promise<number> {
  const read = commandParameters(DOCTOR_USAGE, [output, errors], parameters, (args) =>
    parseArgs({ args, options: { json: { type: 'boolean' }, start: { type: 'string' } } }),
  );
  if (typeof read === 'number') return read;
  const { json, start } = read.values;
  const subject = { project: process.cwd(), environment: readEnvironment(), start };
  const checks = examineProject(subject);
  const collectors = environmentsOf(subject).map((environment) => collectorCheck(environment, start));
  checks.push(...distinct(await Promise.all(collectors)));
  (json ? printJson : printChecks)(checks, output);
  return findingsOf(checks).some(isProblem) ? 1 : 0;
}

/** An endpoint that only the project names is not asked: it would get the headers of the exporter, which have keys. */
async function collectorCheck(environment: Environment, start = ''): Promise<Check> {
  const variable = endpointVariable(environment) ?? '';
  const endpoint = environment[variable];
  const isGiven =
    readEnvironment()[variable] === endpoint || start.split(/[\s='"]+/).includes(endpoint ?? '');
  if (!isGiven) return skippedCheck(COLLECTOR_CHECK, `only the project names ${variable}`);
  return examineCollector(environment);
}

export function printChecks(checks: readonly Check[], output: TextStream): void {
  const lines = checks.map(
    ({ subject, result, detail }) => `${result.padEnd(9)}${safeLine(`${subject}: ${detail}`)}\n`,
  );
  const findings = findingsOf(checks);
  const problems = findings.filter(isProblem);
  const notes = findings.filter((finding) => !isProblem(finding));
  const skipped = checks.filter(({ result }) => result === 'skipped').length;
  const blocks = [...problems, ...notes].map(
    (finding) =>
      `${isProblem(finding) ? 'problem' : 'note'} ${finding.code}\n  ${safeLine(finding.message)}\n  → ${safeLine(finding.action)}\n`,
  );
  const counts = `${counted(problems.length, 'problem')}, ${counted(notes.length, 'note')}; ${skipped} of ${counted(checks.length, 'check')} skipped.\n`;
  output.write([`${NAME} ${VERSION}\n`, lines.join(''), ...blocks, counts].join('\n'));
}

function printJson(checks: readonly Check[], output: TextStream): void {
  const shown = checks.map(({ findings, ...check }) => check);
  const report = { version: VERSION, checks: shown, findings: findingsOf(checks) };
  const lines = JSON.stringify(report, null, 2).split('\n').map(escapeControlCharacters);
  output.write(`${lines.join('\n')}\n`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function safeLine(text: string): string {
  return terminalSafe(text, MAX_LINE_LENGTH);
}
