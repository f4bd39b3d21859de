import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'shell-quote';
import { asObject, field } from '../util/payload.ts';
import type { Environment } from '../util/variables.ts';
import { distinct } from './check.ts';
import { readRegularFile } from './files.ts';

export interface Launch {
  /** The script's name in package.json; `undefined` if the command is not a script. */
  readonly script: string | undefined;
  readonly runner: string;
  /** The modules that are loaded before the program, by options of the command or by `NODE_OPTIONS`. */
  readonly preloads: readonly string[];
  readonly entry: string;
  readonly environment: Environment;
}

const SCRIPT_NAME = /^(?:start|serve|dev|prod|production|server|worker)(?:[:.-]|$)/;
/** The scripts that the start scripts run count, too. */
const MAX_COMMANDS = 100;
const MAX_COMMAND_LENGTH = 10_000;

/** Matches a runner, before which a command may have anything: `npx`, `cross-env A=1`, `nodemon --exec=`. */
const RUNNER = /^(?:.*[\\/]|--exec=)?(node|nodejs|tsx|ts-node|nodemon|bun|deno)$/;
/** A command in quotation marks, as after `nodemon --exec` or `sh -c`. */
const QUOTED_COMMAND = /(?:^|[\s\\/=])(?:node|tsx|ts-node|bun|deno|npm|pnpm|yarn)\s/;
const ASSIGNMENT = /^[A-Za-z_]\w*=/;

/** Options of runners that are followed by a value, and further ones of `nodemon`. */
const WITH_VALUE =
  /^(?:-[rCP]|--(?:require|import|conditions|env-file(?:-if-exists)?|(?:experimental-)?loader|watch-path|include|exclude|tsconfig|project|config))$/;
const WITH_VALUE_OF_NODEMON = /^(?:-[ewids]|--(?:ext|watch|ignore|delay|signal))$/;
/** With these options, a runner runs no file, or `nodemon` runs another program. */
const WITHOUT_FILE = /^(?:-[epcx]+|--(?:eval|print|check|test|run|exec))$/;

/**
 * The programs that a project starts, as far as its commands show.
 *
 * @param folder the folder where the commands run
 * @param start the command to read instead of the start scripts of package.json
 */
export function launchesOf(manifest: unknown, folder: string, shell: Environment, start?: string): Launch[] {
  const scripts = asObject(field(manifest, 'scripts')) ?? {};
  const names = Object.keys(scripts).filter((name) => SCRIPT_NAME.test(name));
  const commands: { readonly script?: string; readonly command: unknown; readonly assigned: Environment }[] =
    start === undefined
      ? names.slice(0, MAX_COMMANDS).map((script) => ({ script, command: scripts[script], assigned: {} }))
      : [{ command: start, assigned: {} }];
  const launches: Launch[] = [];
  // The list grows during the loop: a command may run other scripts, even in a circle.
  for (const { script, command, assigned: inherited } of commands)
    for (const words of wordsOfCommands(command)) {
      const assignments = words.filter((word) => ASSIGNMENT.test(word));
      const own = Object.fromEntries(assignments.map((word) => word.split(/=([\s\S]*)/, 2)));
      const assigned = { ...inherited, ...own };
      const before = launches.length;
      for (const [index, word] of words.entries()) {
        const runner = WITH_VALUE.test(words[index - 1] ?? '') ? undefined : RUNNER.exec(word)?.[1];
        if (runner === undefined) continue;
        const { entry, preloads, files } = readOptions(runner, words.slice(index + 1));
        if (entry === undefined || Object.hasOwn(scripts, entry)) continue;
        const variables = files.map((file) => readVariables(resolve(folder, file)));
        // The variables of the shell override those of an `--env-file`, and those that the command sets override both.
        const environment: Environment = Object.assign(Object.create(null), ...variables, shell, assigned);
        const [options = []] = wordsOfCommands(environment.NODE_OPTIONS);
        const all = [...preloads, ...readOptions('node', options).preloads];
        launches.push({ script, runner, preloads: all, entry, environment });
      }
      // The command runs other scripts: `npm run build`, `pnpm build` or `run-s build serve`.
      if (launches.length === before)
        for (const name of words.filter((word) => Object.hasOwn(scripts, word)))
          if (commands.length < MAX_COMMANDS)
            commands.push({ script: name, command: scripts[name], assigned });
    }
  // One start script may run another one. The launch then counts only once.
  return distinct(launches);
}

function readOptions(runner: string, words: readonly string[]) {
  const preloads: string[] = [];
  const files: string[] = [];
  let entry: string | undefined;
  for (let index = 0; index < words.length && entry === undefined; index++) {
    const [name = '', attached] = words[index]?.split(/=([\s\S]*)/, 2) ?? [];
    const takesValue = WITH_VALUE.test(name) || (runner === 'nodemon' && WITH_VALUE_OF_NODEMON.test(name));
    const value = attached ?? (takesValue ? (words[++index] ?? '') : '');
    if (!takesValue && WITHOUT_FILE.test(name)) break;
    if (/^(?:-r|--require|--import)$/.test(name)) preloads.push(value);
    else if (name.startsWith('--env-file')) files.push(value);
    else if (!name.startsWith('-') && !/^(?:run|watch)$/.test(name)) entry = words[index];
  }
  return { preloads, files, entry };
}

/** The words of each command in a line of shell code. Variables are not expanded. */
function wordsOfCommands(line: unknown): string[][] {
  if (typeof line !== 'string' || line.length > MAX_COMMAND_LENGTH) return [];
  const commands: string[][] = [[]];
  const wordsOf = (text: string) => parse(text, (name) => `$${name}`);
  const isCommand = (word: unknown) => typeof word === 'string' && QUOTED_COMMAND.test(word);
  try {
    for (const word of wordsOf(line).flatMap((each) => (isCommand(each) ? wordsOf(String(each)) : each)))
      if (typeof word === 'string') commands.at(-1)?.push(word);
      else if ('pattern' in word) commands.at(-1)?.push(word.pattern);
      else commands.push([]);
  } catch {
    // A line with a syntax error runs nothing.
  }
  return commands;
}

/** Reads only `OTEL_*` and `NODE_OPTIONS` from the file, because such files mostly hold secrets. */
function readVariables(file: string): Environment {
  // Node before 20.12 has no `parseEnv`.
  const variables = parseEnv?.(readRegularFile(file) ?? '') ?? {};
  return Object.fromEntries(Object.entries(variables).filter(([name]) => /^OTEL_|^NODE_OPTIONS$/.test(name)));
}
