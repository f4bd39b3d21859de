import { resolve } from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { parse } from 'shell-quote';
import type { Environment } from '../config/option-parsers.ts';
import { asObject, field } from '../util/payload.ts';
import { distinct } from './check.ts';
import { readRegularFile } from './files.ts';

/** A program that a command starts. */
export interface Launch {
  /** Its name in package.json; `undefined` if the command is not a script. */
  readonly script: string | undefined;
  /** `node`, `tsx`, `bun` and so on. */
  readonly runner: string;
  /** The modules that are loaded before the program: the values of `--import` and `--require`. */
  readonly preloads: readonly string[];
  /** The file of the program, as written in the command. */
  readonly entry: string;
  /** The values of `--env-file`. */
  readonly environmentFiles: readonly string[];
  /** The variables that the command sets. */
  readonly environment: Environment;
}

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
const ASSIGNMENT = /^[A-Za-z_]\w*=/;

/** The options of runners that are followed by a value, with their short forms, and further ones of `nodemon`. */
const WITH_VALUE = valueOptions(
  'r:require C:conditions import env-file env-file-if-exists loader experimental-loader watch-path ext ignore tsconfig project config',
);
const WITH_VALUE_OF_NODEMON = valueOptions('x:exec w:watch e:ext i:ignore d:delay s:signal');
/** With these options, Node runs no file. */
const WITHOUT_FILE = /^(?:e|p|c|eval|print|test|check|run)$/;

function valueOptions(names: string): Readonly<Record<string, { type: 'string'; short?: string }>> {
  const pairs = names.split(' ').map((each) => each.split(':').reverse());
  return Object.fromEntries(
    pairs.map(([name, short]) => [name, { type: 'string', ...(short === undefined ? {} : { short }) }]),
  );
}

/**
 * The programs that a project starts, as far as its commands show.
 *
 * @param start the command to read instead of the start scripts of package.json
 */
export function launchesOf(manifest: unknown, start?: string): Launch[] {
  const scripts = asObject(field(manifest, 'scripts')) ?? {};
  if (start !== undefined) return launchesIn(undefined, start, scripts);
  const names = Object.keys(scripts).filter((name) => SCRIPT_NAME.test(name));
  // One start script may run another one. The launch then counts only once.
  return distinct(names.slice(0, MAX_SCRIPTS).flatMap((name) => launchesIn(name, scripts[name], scripts)));
}

/**
 * The programs that a command starts, directly or through `npm run` and the like. Scripts may call each other in a
 * circle, so each is followed once: `entered` has those that were.
 */
function launchesIn(
  script: string | undefined,
  command: unknown,
  scripts: Readonly<Record<string, unknown>>,
  entered: Set<string> = new Set(),
): Launch[] {
  return commandsIn(command).flatMap((line) => {
    const start = line.findIndex((word) => !ASSIGNMENT.test(word) && !WRAPPERS.has(word));
    if (start < 0) return [];
    const [program = '', ...words] = line.slice(start);
    const assigned = line.slice(0, start).filter((word) => ASSIGNMENT.test(word));
    const environment = Object.fromEntries(assigned.map((word) => word.split(/=([\s\S]*)/, 2)));
    const call = line.slice(start).join(' ');
    const called = ELSEWHERE.test(call) ? undefined : SCRIPT_CALL.exec(call)?.groups?.name;
    const [, runner] = RUNNER.exec(program) ?? [];
    let launches: Launch[] = [];
    if (called !== undefined && Object.hasOwn(scripts, called)) {
      if (entered.has(called) || entered.size >= MAX_CALLED_SCRIPTS) return [];
      entered.add(called);
      launches = launchesIn(called, scripts[called], scripts, entered);
    } else if (runner !== undefined) {
      const { executed, entry, ...options } = readRunnerOptions(runner, words);
      if (executed !== undefined)
        launches = launchesIn(script, `${executed} ${JSON.stringify(entry) ?? ''}`, scripts, entered);
      else if (entry !== undefined) launches = [{ script, runner, entry, ...options, environment }];
    }
    return launches.map((launch) => ({ ...launch, environment: { ...environment, ...launch.environment } }));
  });
}

function readRunnerOptions(runner: string, args: string[]) {
  const isNodemon = runner === 'nodemon';
  const options = isNodemon ? { ...WITH_VALUE, ...WITH_VALUE_OF_NODEMON } : WITH_VALUE;
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  const preloads: string[] = [];
  const environmentFiles: string[] = [];
  let entry: string | undefined;
  /** The command that `nodemon` runs instead of a file. */
  let executed: string | undefined;
  for (const token of tokens) {
    if (token.kind === 'positional') {
      const isSubcommand = !runner.startsWith('node') && /^(?:run|watch)$/.test(token.value);
      if (!isSubcommand) entry ??= token.value;
    }
    if (token.kind !== 'option') continue;
    const { name, value = '' } = token;
    if (isNodemon && name === 'exec') executed = value;
    // Options after the program's file belong to the program.
    if (entry !== undefined) continue;
    if (/^node(?:js)?$/.test(runner) && WITHOUT_FILE.test(name)) break;
    if (name === 'import' || name === 'require') preloads.push(value);
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
