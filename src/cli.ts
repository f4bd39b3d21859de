#!/usr/bin/env node
/** The command `opentelemetry-instrumentation-openai`: see {@link COMMANDS}. */
import { HELP_OPTIONS } from 'openai-traces-viewer/shared/command-line.ts';
import { COMMAND } from 'openai-traces-viewer/shared/names.ts';
import { terminalSafe } from 'openai-traces-viewer/shared/terminal-safe.ts';
import { type TextStream, writeTo } from 'openai-traces-viewer/shared/text-stream.ts';
import { VERSION } from './util/version.ts';

interface Command {
  readonly summary: string;
  /** @returns a function that returns the exit code */
  load(): Promise<
    (parameters: readonly string[], output: TextStream, errors: TextStream) => number | Promise<number>
  >;
}

const output = { write: (text: string): void => writeTo(process.stdout, text) };
const errors = { write: (text: string): void => writeTo(process.stderr, text) };

const COMMANDS: Readonly<Record<string, Command>> = {
  doctor: {
    summary: 'finds out why the project in the current folder is not traced',
    load: async () => (await import('./doctor/command.ts')).runDoctor,
  },
  view: {
    summary: 'receives traces over OTLP and shows them live in the browser, or writes a page from a file',
    load: async () => (await import('openai-traces-viewer/view-command.ts')).runView,
  },
  'export-calls': {
    summary: 'writes the requests and answers in a file of traces, a line each, for evaluations',
    load: async () => (await import('openai-traces-viewer/export-calls.ts')).runExportCalls,
  },
};

const VERSION_FLAGS: ReadonlySet<string> = new Set(['--version', '-v']);

const [name = '', ...parameters] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
// The built command is CommonJS, which has no top-level `await`.
void run().then((code) => {
  process.exitCode = code;
});

async function run(): Promise<number> {
  if (command !== undefined) return (await command.load())(parameters, output, errors);
  const isAlone = parameters.length === 0;
  if (isAlone && VERSION_FLAGS.has(name)) output.write(`${VERSION}\n`);
  else if (isAlone && HELP_OPTIONS.has(name)) output.write(commandList());
  else {
    const unknown = isAlone && name !== '' ? `Unknown command: ${terminalSafe(name)}\n` : '';
    errors.write(`${unknown}${commandList()}`);
    return 2;
  }
  return 0;
}

function commandList(): string {
  const lines = Object.entries(COMMANDS).map(([each, { summary }]) => `  ${each.padEnd(12)}  ${summary}\n`);
  const flags = '  --help     prints this; after a command, its options\n  --version\n';
  return `Usage: ${COMMAND} <command>\n${lines.join('')}${flags}`;
}
