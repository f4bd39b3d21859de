import { asObject, field } from '../util/payload.ts';
import { textWithoutUrlSecrets } from '../util/url-secrets.ts';

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

/** The scripts that start a program. */
const SCRIPT_NAME = /^(?:start|serve|dev|prod|production|server|worker)(?:[:.-]|$)/;
const MAX_SCRIPTS = 20;
/** Scripts that one start script runs. */
const MAX_CALLED_SCRIPTS = 100;
const MAX_COMMAND_LENGTH = 10_000;

const RUNNERS: ReadonlySet<string> = new Set(['node', 'nodejs', 'tsx', 'ts-node', 'nodemon', 'bun', 'deno']);
/** What stands before a command without changing it. */
const WRAPPERS: ReadonlySet<string> = new Set(['cross-env', 'env', 'exec', 'npx', 'time', 'dotenv', '--']);
/** What runs a script of package.json. */
const SCRIPT_RUNNERS: ReadonlySet<string> = new Set(['npm', 'pnpm', 'yarn', 'bun']);
/** With these, a script of another package is run. */
const ELSEWHERE = /^(?:-w|-C|-F|--(?:workspaces?|prefix|filter|recursive|dir|cwd)(?:=.*)?)$/;
const PRELOADS: ReadonlySet<string> = new Set(['--import', '--require', '-r']);
const ENVIRONMENT_FILES: ReadonlySet<string> = new Set(['--env-file', '--env-file-if-exists']);
/** Further options whose value is the next word. */
const WITH_VALUE: ReadonlySet<string> = new Set([
  ...['--loader', '--experimental-loader', '--conditions', '-C'],
  ...['--watch-path', '--watch', '--ext', '-e', '--ignore', '--tsconfig', '--project', '--config', '-c'],
]);
const NODEMON_WITH_VALUE: ReadonlySet<string> = new Set(['--signal', '-s', '--delay', '-d', '-w', '-i']);
/** The words that stand between a runner and its program. */
const SUBCOMMANDS: ReadonlySet<string> = new Set(['run', 'watch']);
/** With these, Node runs no file. */
const WITHOUT_FILE: ReadonlySet<string> = new Set(['--eval', '-p', '--print', '--test', '--check', '--run']);

const ASSIGNMENT = /^([A-Za-z_]\w*)=([\s\S]*)$/;

type Scripts = Readonly<Record<string, unknown>>;

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
  if (command.length > MAX_COMMAND_LENGTH) return [];
  return commandsOf(command).flatMap((line) => {
    const { environment, words } = withoutPrefix(line);
    const within = (launch: Launch): Launch => ({
      ...launch,
      environment: { ...environment, ...launch.environment },
    });
    const executed = executedBy(words);
    if (executed !== undefined)
      return launchesIn(script, executed, scripts, entered).map((launch) => ({ ...within(launch), command }));
    const called = calledScript(words, scripts);
    if (called === undefined) return launchOf(script, command, words, environment) ?? [];
    if (entered.has(called) || entered.size >= MAX_CALLED_SCRIPTS) return [];
    entered.add(called);
    return launchesIn(called, String(scripts[called]), scripts, entered).map(within);
  });
}

/** The command that `nodemon --exec` runs, with the file. */
function executedBy([program = '', ...words]: readonly string[]): string | undefined {
  const at = words.findIndex((word) => /^(?:-x|--exec)(?:=|$)/.test(word));
  if (program !== 'nodemon' || at < 0) return undefined;
  const [, given] = /^[^=]*=([\s\S]*)$/.exec(words[at] ?? '') ?? [];
  const others = words.toSpliced(at, given === undefined ? 2 : 1);
  const { file } = readRunnerOptions(others, program);
  return `${given ?? words[at + 1] ?? ''} ${file === undefined ? '' : JSON.stringify(file)}`;
}

/** Splits what stands before a program: variables, and commands that start another. */
function withoutPrefix(words: readonly string[]): {
  readonly environment: Record<string, string>;
  readonly words: readonly string[];
} {
  const environment: Record<string, string> = {};
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, name, value] = ASSIGNMENT.exec(word) ?? [];
    if (name !== undefined && value !== undefined) environment[name] = value;
    else if (!WRAPPERS.has(word)) break;
  }
  return { environment, words: words.slice(at) };
}

/** The name of the script that a command runs: `npm run x`, `npm start`, `yarn x`, `node --run x`. */
function calledScript([runner = '', ...words]: readonly string[], scripts: Scripts): string | undefined {
  if (words.some((word) => ELSEWHERE.test(word))) return undefined;
  const isNode = /^node(?:js)?$/.test(runner);
  if (!isNode && !SCRIPT_RUNNERS.has(runner)) return undefined;
  const [first, second] = words.filter((word) => !word.startsWith('-'));
  const isNamed = isNode ? words[0] === '--run' : /^run(?:-script)?$/.test(first ?? '');
  const name = isNamed && !isNode ? second : isNamed || !isNode ? first : undefined;
  return name !== undefined && typeof Object.getOwnPropertyDescriptor(scripts, name)?.value === 'string'
    ? name
    : undefined;
}

function launchOf(
  script: string | undefined,
  command: string,
  [program = '', ...words]: readonly string[],
  environment: Readonly<Record<string, string>>,
): Launch | undefined {
  const runner = program.replace(/^.*[\\/]/, '');
  if (!RUNNERS.has(runner)) return undefined;
  const { file, ...options } = readRunnerOptions(words, runner);
  return file === undefined ? undefined : { script, command, runner, ...options, entry: file, environment };
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

/** The preloads among the options of Node, in `NODE_OPTIONS` too. */
export function preloadsIn(nodeOptions: string | undefined): readonly string[] {
  const [words = []] = commandsOf((nodeOptions ?? '').slice(0, MAX_COMMAND_LENGTH));
  return readRunnerOptions(words, 'node').preloads;
}

function readRunnerOptions(
  words: readonly string[],
  runner: string,
): Pick<Launch, 'preloads' | 'environmentFiles'> & { readonly file: string | undefined } {
  const preloads: string[] = [];
  const environmentFiles: string[] = [];
  const found = (file?: string) => ({ preloads, environmentFiles, file });
  // Of Node's own, `--watch` has no value, and `-e` is code.
  const isNode = /^node(?:js)?$/.test(runner);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, option = word, value] = /^(-[^=]*)=([\s\S]*)$/.exec(word) ?? [];
    if (PRELOADS.has(option) || ENVIRONMENT_FILES.has(option)) {
      const given = value ?? words[++at];
      if (given !== undefined) (PRELOADS.has(option) ? preloads : environmentFiles).push(given);
    } else if (isNode && (WITHOUT_FILE.has(option) || option === '-e')) {
      return found();
    } else if (word.startsWith('-')) {
      const takesValue =
        (runner === 'nodemon' && NODEMON_WITH_VALUE.has(option)) ||
        (WITH_VALUE.has(option) && !(isNode && option === '--watch'));
      if (value === undefined && takesValue) at++;
    } else if (isNode || !SUBCOMMANDS.has(word)) {
      return found(word);
    }
  }
  return found();
}

/** The words of each command in a line of the shell. */
function commandsOf(line: string): string[][] {
  const commands: string[][] = [[]];
  let word: string | undefined;
  const end = (): void => {
    if (word !== undefined) commands.at(-1)?.push(word);
    word = undefined;
  };
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    if (quote !== '') {
      if (character === quote) quote = '';
      else word += character === '\\' && quote === '"' ? (line[++at] ?? '') : character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) end();
    else if (/[;&|]/.test(character)) {
      end();
      commands.push([]);
    } else word = (word ?? '') + (character === '\\' ? (line[++at] ?? '') : character);
  }
  end();
  return commands.filter((words) => words.length > 0);
}
