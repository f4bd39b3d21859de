#!/usr/bin/env node
/** The command `opentelemetry-instrumentation-openai`: see {@link COMMANDS}. */
import { printFindings } from './doctor/print.ts';
import { examineProject } from './doctor/project.ts';
import { writeTo } from './util/text-stream.ts';
import { NAME } from './util/version.ts';

interface Command {
  readonly summary: string;
  /** @returns the exit code */
  run(parameters: readonly string[]): number | Promise<number>;
}

const output = { write: (text: string): void => writeTo(process.stdout, text) };
const errors = { write: (text: string): void => writeTo(process.stderr, text) };

const COMMANDS: Readonly<Record<string, Command>> = {
  doctor: {
    summary: 'tells what is wrong with how this package is set up in the project of the current folder',
    run: () => printFindings(examineProject(process.cwd(), process.env), output),
  },
  view: {
    summary: 'makes a page of a file of traces (OTLP as JSON), to be opened in a browser',
    run: async (parameters) => {
      const { view } = await import('./export/page-maker.ts');
      return view(parameters, output, errors);
    },
  },
};

const [name = '', ...parameters] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
// The built command is CommonJS, which waits for nothing at its top level.
void run().then((code) => {
  process.exitCode = code;
});

async function run(): Promise<number> {
  return command === undefined ? explain() : command.run(parameters);
}

function explain(): number {
  const lines = Object.entries(COMMANDS).map(
    ([each, { summary }]) => `  ${NAME} ${each.padEnd(6)}  ${summary}`,
  );
  errors.write(`Commands:\n${lines.join('\n')}\n`);
  return 2;
}
