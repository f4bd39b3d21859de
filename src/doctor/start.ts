import module from 'node:module';
import { describeFinding, type Finding, type ProjectFindingCode } from '../diagnostics/findings.ts';
import { COMMAND, NAME } from '../util/version.ts';
import { type Check, checked, problem, remark, skippedCheck } from './check.ts';
import { type FileKind, type Load, Program } from './program.ts';
import { type Launch, preloadsIn } from './start-scripts.ts';

const START_SCRIPT = 'start script';
const REGISTER = `${NAME}/register`;
/** Packages that are often preloaded and do not load this package. */
const WITHOUT_SET_UP =
  /^(?:tsx|ts-node|tsconfig-paths|dotenv|source-map-support|@swc-node|@opentelemetry)(?:\/|$)/;

/** The check of a project in which no command was found that starts a program. */
export function withoutLaunch(start: string | undefined): Check {
  const missing = 'package.json has no start, serve or dev script that runs a file with Node';
  const reason = start === undefined ? missing : `${start} does not run a file with Node`;
  return skippedCheck(START_SCRIPT, `${reason}. Give the command: ${COMMAND} doctor --start "node app.mjs"`);
}

/**
 * Checks how a program is started: what is loaded first, and in which order the program imports the rest.
 *
 * @param root the folder of the project: files above it are not read
 * @param folder the folder where the command runs
 */
export function examineStart(launch: Launch, root: string, folder: string): Check {
  const { entry, runner, script, environment } = launch;
  const described = script === undefined ? 'the command' : `"${script}"`;
  const transpiles = [runner, ...launch.preloads].some((each) => /^(?:tsx|ts-node)(?:\/|$)/.test(each));
  const program = new Program(root, folder, transpiles);
  const preloads = [...launch.preloads, ...preloadsIn(environment.NODE_OPTIONS)];
  const unread = preloads.filter((preload) => !readPreload(preload, program));
  const kind = program.read(entry);
  if (kind === undefined) {
    const reason = `${described} runs ${entry}, which cannot be read. If a build creates it, run the build first`;
    return skippedCheck(START_SCRIPT, reason);
  }
  const { loads, isIncomplete } = program;
  const detail = `${described} runs ${entry} with ${runner}, ${kind.isModule ? 'an ES module' : 'CommonJS'} (${kind.by})`;
  const setUp = loads.find(setsUp);
  const byHand = loads.find(observesByHand);
  const findings = byHand === undefined ? findUntraced(launch, program, kind, setUp) : [];
  const observer = setUp ?? byHand;
  if (observer !== undefined) {
    // Deno has an SDK built in.
    const hasUnknown = isIncomplete || unread.length > 0 || runner === 'deno';
    if (!hasUnknown && !loads.some(mayStartSdk)) {
      const message = `No import of an OpenTelemetry SDK was found in the files that ${entry} loads. If nothing else starts one, nothing is recorded.`;
      findings.push(remark('no_sdk_started', message, `Start one, or use --import ${REGISTER}.`));
    }
    const place = observer.file === undefined ? '' : ` in ${observer.file}`;
    return checked(START_SCRIPT, `${detail}; ${observer.specifier}${place} instruments openai`, findings);
  }
  if (unread.length > 0) return skippedCheck(START_SCRIPT, `${detail}; ${unread[0]} cannot be read`);
  if (findings.length > 0) return checked(START_SCRIPT, detail, findings);
  const more = isIncomplete ? ', and not all of them could be read' : '';
  return skippedCheck(START_SCRIPT, `${detail}; no import of openai was found in the files it loads${more}`);
}

/** @returns whether the effect of the preload is known */
function readPreload(name: string, program: Program): boolean {
  if (/^\.{0,2}[\\/]/.test(name)) return program.read(name) !== undefined;
  program.loads.push({ specifier: name, needs: [], names: new Set(), asModule: true, beforeCode: false });
  return name === NAME || name.startsWith(`${NAME}/`) || WITHOUT_SET_UP.test(name);
}

function isOfOpenAI({ specifier, needs }: Load): boolean {
  return /^openai(?:\/|$)/.test(specifier) || needs.includes('openai');
}

function setsUp({ specifier, names }: Load): boolean {
  return specifier === REGISTER || (specifier === NAME && names.has('OpenAIInstrumentation'));
}

function observesByHand({ specifier, names }: Load): boolean {
  return specifier === `${NAME}/openai` || (specifier === `${NAME}/client` && names.has('instrumentOpenAI'));
}

/** Whether a package may start an SDK, judging by its name and its dependencies. */
function mayStartSdk({ specifier, needs }: Load): boolean {
  if (specifier === REGISTER || needs.some((each) => each.startsWith('@opentelemetry/sdk-'))) return true;
  if (/^@opentelemetry\/(?:api|semantic|instr)/.test(specifier) || specifier.startsWith(NAME)) return false;
  return /otel|telemetry|trac|apm|newrelic|logfire|langfuse|sentry/i.test(specifier);
}

/** The name of the runtime, if it has no module hooks. */
function runtimeWithoutHooks(runner: string): string | undefined {
  if (runner === 'bun') return 'Bun';
  if (runner === 'deno') return 'Deno';
  return typeof module.registerHooks === 'function' ? undefined : `Node ${process.version}`;
}

/** Finds why the module hooks miss `openai`: nothing sets them up, or not in time, or they cannot see this copy. */
function findUntraced(launch: Launch, program: Program, kind: FileKind, setUp: Load | undefined): Finding[] {
  const { entry, runner, script } = launch;
  const { bundle, loads } = program;
  const findings: Finding[] = [];
  const report = (code: ProjectFindingCode, message: string, action: string): void =>
    void findings.push(problem(code, message, action));
  const openai = loads.filter(isOfOpenAI);
  if (bundle !== undefined)
    report(
      'openai_in_bundle',
      `${bundle} contains openai. The module hooks cannot find it there, so its calls are not traced.`,
      `Keep openai out of the bundle, build with the plugin of ${NAME}/bundler, or call instrumentOpenAI(OpenAI) of ${NAME}/client in the program.`,
    );
  const hookless = runtimeWithoutHooks(runner);
  // Every version of Node hooks CommonJS.
  const isMissed = openai.some(({ asModule }) => asModule || hookless?.startsWith('Node') === false);
  if (hookless !== undefined && isMissed) findings.push(describeFinding('node_too_old', hookless));
  const early = openai.find(({ beforeCode, root }) => beforeCode && root === setUp?.root);
  const described = script === undefined ? 'The command' : `The script "${script}"`;
  const idle = loads.find(({ file, specifier }) => file === undefined && specifier.startsWith(NAME));
  if (setUp !== undefined && early !== undefined && hookless === undefined)
    report(
      'set_up_too_late',
      `${setUp.file} sets up the instrumentation too late: all ES modules are loaded before the first of them runs, and ${early.file} imports openai.`,
      setUp.root === entry
        ? remedyFor(launch, kind, setUp)
        : "Import openai after the setup there: await import('openai').",
    );
  else if (setUp !== undefined || (openai.length === 0 && bundle === undefined)) return findings;
  else if (idle !== undefined)
    report(
      'preload_without_effect',
      `${described} loads ${idle.specifier}, which instruments nothing by itself: nothing is traced.`,
      `Replace it by ${REGISTER}.`,
    );
  else
    report(
      'set_up_not_loaded',
      `${described} starts ${entry}, which uses openai, without the instrumentation: nothing is traced.`,
      remedyFor(launch, kind, setUp),
    );
  return findings;
}

/** Says how to load the setup first. A setup in the user's own code is preloaded by its file name. */
function remedyFor(
  { entry, runner, script }: Launch,
  { isModule }: FileKind,
  setUp: Load | undefined,
): string {
  // `ts-node` has no option `--import`.
  const flag = isModule && runner !== 'ts-node' ? '--import' : '--require';
  const place = script === undefined ? '' : ` in the script "${script}"`;
  const add = (loaded: string): string => `Add ${flag}=${loaded} before ${entry}${place}.`;
  if (setUp?.file === undefined || setUp.specifier === REGISTER) return add(REGISTER);
  if (!entry.endsWith(setUp.file)) return add(`./${setUp.file}`);
  const own = `telemetry.${isModule ? 'mjs' : 'cjs'}`;
  return `Move the setup to a file of its own, such as ${own}. ${add(`./${own}`)}`;
}
