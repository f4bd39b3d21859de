import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'shell-quote';
import type { Environment } from '../config/option-parsers.ts';
import { asObject, field } from '../util/payload.ts';
import { readRegularFile } from './files.ts';

/** A program that a command starts. */
export interface Launch {
  /** The name of the script in package.json; `undefined` if the command is not a script. */
  readonly script: string | undefined;
  /** The program that runs the file: `node`, `tsx`, `bun` and so on. */
  readonly runner: string;
  /** The modules that are loaded before the program: the values of `--import` and `--require`. */
  readonly preloads: readonly string[];
  /** The file of the program, as written in the command. */
  readonly entry: string;
  /** The values of `--env-file`. */
  readonly environmentFiles: readonly string[];
  /** The variables that the command sets. */
  readonly environment: Readonly<Record<string, string>>;
}

type Scripts = Readonly<Record<string, unknown>>;

/** The names of scripts that start a program. */
const SCRIPT_NAME = /^(?:start|serve|dev|prod|production|server|worker)(?:[:.-]|$)/;
const MAX_SCRIPTS = 20;
/** The maximum number of other scripts that are followed from one start script. */
const MAX_CALLED_SCRIPTS = 100;
const MAX_COMMAND_LENGTH = 10_000;
/** The maximum size of an `--env-file`, in bytes. */
const MAX_ENVIRONMENT_FILE_SIZE = 1_000_000;

const RUNNER = /^(?:.*[\\/])?(node|nodejs|tsx|ts-node|nodemon|bun|deno)$/;
/** Words that may precede a command without changing what it runs. */
const WRAPPERS: ReadonlySet<string> = new Set(['cross-env', 'env', 'exec', 'npx', 'time', 'dotenv', '--']);
/** `npm run x` and the like, and below the options with which these run a script of another package. */
const SCRIPT_CALL = /^(?:(?:npm|pnpm|yarn|bun)(?: run(?:-script)?)?|node --run)(?: -\S+)* (?<name>[^\s-]\S*)/;
const ELSEWHERE = / (?:-w|-C|-F|--(?:workspaces?|prefix|filter|recursive|dir|cwd))(?:[ =]|$)/;

const ASSIGNMENT = /^([A-Za-z_]\w*)=([\s\S]*)$/;
const OPTION = /^--?([\w-]+)(?:=([\s\S]*))?$/;
/** Options that are followed by a value: those of all runners, and further ones of `nodemon`. */
const WITH_VALUE =
  /^(?:r|C|require|import|env-file|env-file-if-exists|loader|experimental-loader|watch-path|ext|ignore|tsconfig|project|config|conditions)$/;
const WITH_VALUE_OF_NODEMON = /^(?:[deiswx]|exec|watch|signal|delay)$/;
/** With these options, Node runs no file. */
const WITHOUT_FILE = /^(?:e|p|c|eval|print|test|check|run)$/;

/** The programs that the start scripts of a package.json start, as far as the commands show. */
export function launchesOf(manifest: unknown): Launch[] {
  const scripts = scriptsOf(manifest);
  const launches = Object.entries(scripts)
    .filter(([name]) => SCRIPT_NAME.test(name))
    .slice(0, MAX_SCRIPTS)
    .flatMap(([name, command]) => launchesIn(name, command, scripts));
  // One start script may run another one. The launch then counts only once.
  return [...new Map(launches.map((launch) => [JSON.stringify(launch), launch])).values()];
}

export function scriptsOf(manifest: unknown): Scripts {
  return asObject(field(manifest, 'scripts')) ?? {};
}

/**
 * The programs that a command starts, directly or through `npm run` and the like. Scripts may call each other in a
 * circle, so each is followed once: `entered` has those that were.
 */
export function launchesIn(
  script: string | undefined,
  command: unknown,
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
    const call = line.slice(start).join(' ');
    const called = ELSEWHERE.test(call) ? undefined : SCRIPT_CALL.exec(call)?.groups?.name;
    if (called !== undefined && Object.hasOwn(scripts, called)) {
      if (entered.has(called) || entered.size >= MAX_CALLED_SCRIPTS) return [];
      entered.add(called);
      return launchesIn(called, scripts[called], scripts, entered).map(within);
    }
    const [, runner] = RUNNER.exec(program) ?? [];
    if (runner === undefined) return [];
    const { executed, entry, ...options } = readRunnerOptions(runner, words);
    if (executed !== undefined) {
      const whole = `${executed} ${entry === undefined ? '' : JSON.stringify(entry)}`;
      return launchesIn(script, whole, scripts, entered).map(within);
    }
    return entry === undefined ? [] : [{ script, runner, ...options, entry, environment }];
  });
}

interface RunnerOptions extends Pick<Launch, 'preloads' | 'environmentFiles'> {
  readonly entry: string | undefined;
  /** The command that `nodemon` runs instead of a file. */
  readonly executed: string | undefined;
}

function readRunnerOptions(runner: string, words: readonly string[]): RunnerOptions {
  const preloads: string[] = [];
  const environmentFiles: string[] = [];
  let executed: string | undefined;
  let entry: string | undefined;
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, name, given] = OPTION.exec(word) ?? [];
    if (name === undefined) {
      if (runner.startsWith('node') || !/^(?:run|watch)$/.test(word)) entry ??= word;
      continue;
    }
    const hasValue = WITH_VALUE.test(name) || (runner === 'nodemon' && WITH_VALUE_OF_NODEMON.test(name));
    const value = given ?? (hasValue ? rest.shift() : undefined) ?? '';
    if (runner === 'nodemon' && /^(?:x|exec)$/.test(name)) executed = value;
    // Options after the program's file belong to the program.
    if (entry !== undefined) continue;
    if (/^node(?:js)?$/.test(runner) && WITHOUT_FILE.test(name)) break;
    if (/^(?:r|import|require)$/.test(name)) preloads.push(value);
    else if (name.startsWith('env-file')) environmentFiles.push(value);
  }
  return { preloads, environmentFiles, entry, executed };
}

/** The modules that `NODE_OPTIONS` preloads. */
export function preloadsIn(nodeOptions: string | undefined): readonly string[] {
  return readRunnerOptions('node', commandsIn(nodeOptions)[0] ?? []).preloads;
}

/** The words of each command in a line of shell code. Variables are not expanded. */
function commandsIn(line: unknown): string[][] {
  if (typeof line !== 'string' || line.length > MAX_COMMAND_LENGTH) return [];
  const commands: string[][] = [[]];
  try {
    for (const part of parse(line, (name) => `$${name}`)) {
      if (typeof part === 'string') commands.at(-1)?.push(part);
      else if ('pattern' in part) commands.at(-1)?.push(part.pattern);
      else commands.push([]);
    }
  } catch {
    return [];
  }
  return commands.filter((words) => words.length > 0);
}

/**
 * The variables that a program is started with. Those of the shell override those of an `--env-file`, whose path is
 * relative to the folder where the command runs. Those that the command sets override both.
 */
export function environmentOf(launch: Launch, folder: string, environment: Environment): Environment {
  const files = launch.environmentFiles.map((file) => readVariables(resolve(folder, file)));
  return Object.assign({}, ...files, environment, launch.environment);
}

/** Reads only `OTEL_*` and `NODE_OPTIONS` from the file, because such files mostly hold secrets. */
function readVariables(file: string): Environment {
  // Node before 20.12 has no `parseEnv`.
  if (typeof parseEnv !== 'function') return {};
  const variables = parseEnv(readRegularFile(file, MAX_ENVIRONMENT_FILE_SIZE) ?? '');
  return Object.fromEntries(Object.entries(variables).filter(([name]) => /^OTEL_|^NODE_OPTIONS$/.test(name)));
}
