#!/usr/bin/env node
/** The command `opentelemetry-instrumentation-openai`: see {@link COMMANDS}. */
import { printFindings } from './doctor/print.ts';
import { examineProject } from './doctor/project.ts';
import { NAME } from './version.ts';

interface Command {
  readonly summary: string;
  /** @returns the exit code */
  run(parameters: readonly string[]): number;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  doctor: {
    summary: 'tells what is wrong with how this package is set up in the project of the current folder',
    run: () => printFindings(examineProject(process.cwd(), process.env), process.stdout),
  },
};

const [name = '', ...parameters] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
process.exitCode = command === undefined ? explain() : command.run(parameters);

function explain(): number {
  const lines = Object.entries(COMMANDS).map(([each, { summary }]) => `  ${NAME} ${each}  ${summary}`);
  process.stderr.write(`Commands:\n${lines.join('\n')}\n`);
  return 2;
}
