import { resolve } from 'node:path';
import { type ParseArgsConfig, parseArgs, parseEnv } from 'node:util';
import { parse } from 'shell-quote';
import { hasConfigurationFile } from '../config/exporter-variables.ts';
import { asObject, field } from '../util/payload.ts';
import { textWithoutUrlSecrets } from '../util/url-secrets.ts';
import { NAME } from '../util/version.ts';
import { readRegularFile } from './files.ts';

/** A program that a script starts. */
export interface Launch {
  /** The name of the script, if it is one of package.json. */
  readonly script: string | undefined;
  readonly command: string;
  /** `node`, `tsx`, `bun` and so on. */
  readonly runner: string;
  /** What is loaded before the program: the values of `--import` and `--require`. */
  readonly preloads: readonly string[];
  /** As it stands in the command. */
  readonly entry: string;
  /** The values of `--env-file`. */
  readonly environmentFiles: readonly string[];
  /** The variables that the command sets. */
  readonly environment: Readonly<Record<string, string>>;
}

type Scripts = Readonly<Record<string, unknown>>;
type Variables = Readonly<Record<string, string | undefined>>;

/** The scripts that start a program. */
const SCRIPT_NAME = /^(?:start|serve|dev|prod|production|server|worker)(?:[:.-]|$)/;
const MAX_SCRIPTS = 20;
/** Scripts that one start script runs. */
const MAX_CALLED_SCRIPTS = 100;
const MAX_COMMAND_LENGTH = 10_000;
/** Bytes of a file of variables. */
const MAX_ENVIRONMENT_FILE_SIZE = 1_000_000;

const RUNNERS: ReadonlySet<string> = new Set(['node', 'nodejs', 'tsx', 'ts-node', 'nodemon', 'bun', 'deno']);
/** What stands before a command without changing it. */
const WRAPPERS: ReadonlySet<string> = new Set(['cross-env', 'env', 'exec', 'npx', 'time', 'dotenv', '--']);
/** What runs a script of package.json. */
const SCRIPT_RUNNERS: ReadonlySet<string> = new Set(['npm', 'pnpm', 'yarn', 'bun']);
/** With these, a script of another package is run. */
const ELSEWHERE = /^(?:-w|-C|-F|--(?:workspaces?|prefix|filter|recursive|dir|cwd)(?:=.*)?)$/;
/** The words that stand between a runner and its program. */
const SUBCOMMANDS: ReadonlySet<string> = new Set(['run', 'watch']);
/** With these, Node runs no file. */
const WITHOUT_FILE: ReadonlySet<string> = new Set(['eval', 'print', 'test', 'check', 'run']);

const ASSIGNMENT = /^([A-Za-z_]\w*)=([\s\S]*)$/;

/** What the start scripts of a package.json start, as far as a command tells. */
export function launchesOf(manifest: unknown): Launch[] {
  const scripts = scriptsOf(manifest);
  const launches = Object.entries(scripts)
    .filter(
      (script): script is [string, string] => SCRIPT_NAME.test(script[0]) && typeof script[1] === 'string',
    )
    .slice(0, MAX_SCRIPTS)
    .flatMap(([name, command]) => launchesIn(name, command, scripts));
  // A script that others run may be a start script, too.
  return [...new Map(launches.map((launch) => [JSON.stringify(launch), launch])).values()];
}

export function scriptsOf(manifest: unknown): Scripts {
  return asObject(field(manifest, 'scripts')) ?? {};
}

/**
 * What a command starts, itself or by `npm run` and the like.
 *
 * @param scripts of the package.json
 * @param entered the scripts that were read: each is read once, as scripts may run themselves
 */
export function launchesIn(
  script: string | undefined,
  command: string,
  scripts: Scripts = {},
  entered: Set<string> = new Set(),
): Launch[] {
  return commandsIn(command).flatMap((line) => {
    const start = line.findIndex((word) => !ASSIGNMENT.test(word) && !WRAPPERS.has(word));
    const [program = '', ...words] = start < 0 ? [] : line.slice(start);
    const assigned = line.slice(0, Math.max(0, start)).map((word) => ASSIGNMENT.exec(word)?.slice(1));
    const environment = Object.fromEntries(assigned.filter((pair) => pair !== undefined));
    const within = (launch: Launch): Launch => ({
      ...launch,
      environment: { ...environment, ...launch.environment },
    });
    const called = calledScript(program, words, scripts);
    if (called !== undefined) {
      if (entered.has(called) || entered.size >= MAX_CALLED_SCRIPTS) return [];
      entered.add(called);
      return launchesIn(called, String(scripts[called]), scripts, entered).map(within);
    }
    const runner = program.replace(/^.*[\\/]/, '');
    if (!RUNNERS.has(runner)) return [];
    const { exec, entry, ...options } = readRunnerOptions(runner, words);
    if (exec !== undefined) {
      const executed = `${exec} ${entry === undefined ? '' : JSON.stringify(entry)}`;
      return launchesIn(script, executed, scripts, entered).map((launch) => ({ ...within(launch), command }));
    }
    return entry === undefined ? [] : [{ script, command, runner, ...options, entry, environment }];
  });
}

/** The name of the script that a command runs: `npm run x`, `npm start`, `yarn x`, `node --run x`. */
function calledScript(runner: string, words: readonly string[], scripts: Scripts): string | undefined {
  if (words.some((word) => ELSEWHERE.test(word))) return undefined;
  const isNode = /^node(?:js)?$/.test(runner);
  if (isNode ? words[0] !== '--run' : !SCRIPT_RUNNERS.has(runner)) return undefined;
  const [first, second] = words.filter((word) => !word.startsWith('-'));
  const name = !isNode && /^run(?:-script)?$/.test(first ?? '') ? second : first;
  const isScript = name !== undefined && Object.hasOwn(scripts, name) && typeof scripts[name] === 'string';
  return isScript ? name : undefined;
}

type Options = NonNullable<ParseArgsConfig['options']>;

const COMMON_OPTIONS: Options = {
  ...withValues('import', 'env-file', 'env-file-if-exists', 'loader', 'experimental-loader'),
  ...withValues('watch-path', 'ext', 'ignore', 'tsconfig', 'project', 'config', 'conditions'),
  require: { type: 'string', short: 'r' },
};
const NODE_OPTIONS: Options = {
  ...COMMON_OPTIONS,
  conditions: { type: 'string', short: 'C' },
  eval: { type: 'string', short: 'e' },
  print: { type: 'string', short: 'p' },
};
const NODEMON_OPTIONS: Options = {
  ...COMMON_OPTIONS,
  ext: { type: 'string', short: 'e' },
  exec: { type: 'string', short: 'x' },
  watch: { type: 'string', short: 'w' },
  ignore: { type: 'string', short: 'i' },
  signal: { type: 'string', short: 's' },
  delay: { type: 'string', short: 'd' },
};

function withValues(...names: readonly string[]): Options {
  return Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
}

interface RunnerOptions extends Pick<Launch, 'preloads' | 'environmentFiles'> {
  readonly entry: string | undefined;
  /** The command that `nodemon` runs instead. */
  readonly exec: string | undefined;
}

function readRunnerOptions(runner: string, words: readonly string[]): RunnerOptions {
  const isNode = /^node(?:js)?$/.test(runner);
  const options = isNode ? NODE_OPTIONS : runner === 'nodemon' ? NODEMON_OPTIONS : COMMON_OPTIONS;
  const { tokens } = parseArgs({
    args: [...words],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const preloads: string[] = [];
  const environmentFiles: string[] = [];
  let entry: string | undefined;
  let exec: string | undefined;
  for (const token of tokens) {
    if (token.kind === 'positional' && (isNode || !SUBCOMMANDS.has(token.value))) entry ??= token.value;
    if (token.kind !== 'option') continue;
    if (token.name === 'exec') exec = token.value ?? '';
    // What comes after the program is the program's.
    if (entry !== undefined) continue;
    if (isNode && WITHOUT_FILE.has(token.name)) break;
    if (token.value === undefined) continue;
    if (/^(?:import|require)$/.test(token.name)) preloads.push(token.value);
    else if (/^env-file/.test(token.name)) environmentFiles.push(token.value);
  }
  return { preloads, environmentFiles, entry, exec };
}

/** The preloads among the options of Node, in `NODE_OPTIONS` too. */
export function preloadsIn(nodeOptions: string | undefined): readonly string[] {
  const [words = []] = commandsIn(nodeOptions ?? '');
  return readRunnerOptions('node', words).preloads;
}

/** The words of each command in a line of the shell. Variables are left as they are. */
function commandsIn(line: string): string[][] {
  const commands: string[][] = [[]];
  if (line.length > MAX_COMMAND_LENGTH) return [];
  for (const part of parseCommand(line)) {
    if (typeof part === 'string') commands.at(-1)?.push(part);
    else if ('pattern' in part) commands.at(-1)?.push(part.pattern);
    else commands.push([]);
  }
  return commands.filter((words) => words.length > 0);
}

function parseCommand(line: string): ReturnType<typeof parse> {
  try {
    return parse(line, (name) => `$${name}`);
  } catch {
    return [];
  }
}

/**
 * The variables that a program is started with: those of its `--env-file` give way to those of the shell and of the
 * command.
 *
 * @param folder where the command is run
 */
export function environmentOf(launch: Launch, folder: string, environment: Variables): Variables {
  const files = launch.environmentFiles.map((file) => readVariables(resolve(folder, file)));
  return Object.assign({}, ...files, environment, launch.environment);
}

/** Of OpenTelemetry and Node alone: such files mostly hold secrets. */
function readVariables(file: string): Variables {
  // Before Node 20.12 there is none.
  if (typeof parseEnv !== 'function') return {};
  const variables = parseEnv(readRegularFile(file, MAX_ENVIRONMENT_FILE_SIZE) ?? '');
  return Object.fromEntries(Object.entries(variables).filter(([name]) => /^OTEL_|^NODE_OPTIONS$/.test(name)));
}

/** Whether `…/register` sets up the exporters of a program by a configuration file. */
export function usesConfigurationFile(launch: Launch, environment: Variables): boolean {
  const preloads = [...launch.preloads, ...preloadsIn(environment.NODE_OPTIONS)];
  return hasConfigurationFile(environment) && preloads.includes(`${NAME}/register`);
}

/** A variable that a command sets, by its name and `=`; not an option such as `--import=…`. */
const SET_VALUE = /(?<![\w-])(?!NODE_OPTIONS=)([A-Za-z_]\w*=)(?:"[^"]*"|'[^']*'|\\.|[^\s;&|"'\\])+/g;
const LEFT_OUT = '…';

/** The command to print: without the values of its variables and the arguments of its program, which may be secret. */
export function printable(launch: Launch): string {
  return printableWith(launch, '');
}

/** The same, with a flag before the program. */
export function printableWith({ command, entry }: Launch, flag: string): string {
  // `nodemon` takes the next word for the program if there is such a file.
  const added = flag === '' ? '' : `${/\bnodemon\b/.test(command) ? flag.replace(' ', '=') : flag} `;
  const shown = textWithoutUrlSecrets(command.replaceAll(SET_VALUE, `$1${LEFT_OUT}`));
  let at = shown.indexOf(entry);
  while (at > 0 && !standsAlone(shown, at, entry.length)) at = shown.indexOf(entry, at + 1);
  if (at < 0) return `${LEFT_OUT} ${added}${entry}`;
  const end = at + entry.length;
  const [quote = ''] = /["']?$/.exec(shown.slice(0, at)) ?? [];
  const start = `${shown.slice(0, at - quote.length)}${added}${quote}${entry}`;
  const rest = shown.slice(end);
  return /^["']?\s*$/.test(rest) ? start + rest : `${start} ${LEFT_OUT}`;
}

function standsAlone(text: string, at: number, length: number): boolean {
  return /^[\s"']$/.test(text.charAt(at - 1)) && /^[\s"';&|]?$/.test(text.charAt(at + length));
}
