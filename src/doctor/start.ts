import module from 'node:module';
import type { Environment } from '../config/option-parsers.ts';
import { describeFinding, type Finding } from '../diagnostics/findings.ts';
import { COMMAND, NAME } from '../util/version.ts';
import { type Check, checked, problem, remark, skippedCheck } from './check.ts';
import { type FileKind, type Load, Program } from './program.ts';
import { environmentOf, type Launch, preloadsIn } from './start-scripts.ts';

const START_SCRIPT = 'start script';
const REGISTER = `${NAME}/register`;
/** Packages that are often preloaded and do not load this package. */
const WITHOUT_SET_UP =
  /^(?:tsx|ts-node|tsconfig-paths|dotenv|source-map-support|@swc-node|@opentelemetry)(?:\/|$)/;

/** Where programs are started, and with which environment. */
export interface Surroundings {
  /** The folder of the project: files above it are not read. */
  readonly root: string;
  /** The folder where commands run. */
  readonly folder: string;
  readonly environment: Environment;
  /** The command that the user asked to examine instead of the start scripts. */
  readonly start?: string | undefined;
}

/** Checks how a project starts its programs: what is loaded first, and in which order the program imports the rest. */
export function examineStart(launches: readonly Launch[], surroundings: Surroundings): Check[] {
  if (launches.length > 0) return launches.map((launch) => examineLaunch(launch, surroundings));
  const missing = 'package.json has no start, serve or dev script that runs a file with Node';
  const { start } = surroundings;
  const reason = start === undefined ? missing : `${start} does not run a file with Node`;
  const advice = `Give the command: ${COMMAND} doctor --start "node app.mjs"`;
  return [skippedCheck(START_SCRIPT, `${reason}. ${advice}`)];
}

/** A launch of a program, and what it loads. */
interface Start {
  readonly launch: Launch;
  readonly program: Program;
  readonly kind: FileKind;
  /** The places where `openai` is imported. */
  readonly openai: readonly Load[];
  /** The import or preload that instruments all clients: `…/register`, or `OpenAIInstrumentation`. */
  readonly setUp: Load | undefined;
  /** The import that instruments clients one by one, without module hooks: `…/openai`, or `instrumentOpenAI`. */
  readonly byHand: Load | undefined;
  /** The name of the runtime, if it has no module hooks. */
  readonly hookless: string | undefined;
}

function examineLaunch(launch: Launch, surroundings: Surroundings): Check {
  const { folder, environment } = surroundings;
  const { entry, runner, script } = launch;
  const described = script === undefined ? 'the command' : `"${script}"`;
  const transpiles = [runner, ...launch.preloads].some((each) => /^(?:tsx|ts-node)(?:\/|$)/.test(each));
  const program = new Program({ ...surroundings, transpiles });
  const { NODE_OPTIONS } = environmentOf(launch, folder, environment);
  const preloads = [...launch.preloads, ...preloadsIn(NODE_OPTIONS)];
  const unread = preloads.filter((preload) => !readPreload(preload, program));
  const kind = program.read(entry);
  if (kind === undefined) {
    const reason = `${described} runs ${entry}, which cannot be read. If a build creates it, run the build first`;
    return skippedCheck(START_SCRIPT, reason);
  }
  const start: Start = {
    launch,
    program,
    kind,
    openai: program.loads.filter(isOfOpenAI),
    setUp: program.loads.find(setsUp),
    byHand: program.loads.find(observesByHand),
    hookless: runtimeWithoutHooks(runner),
  };
  const what = kind.isModule ? 'an ES module' : 'CommonJS';
  const detail = `${described} runs ${entry} with ${runner}, ${what} (${kind.by})`;
  const findings = [...findUnhooked(start), ...findLateSetUp(start)];
  const observer = start.setUp ?? start.byHand;
  if (observer !== undefined) {
    // Deno has an SDK built in.
    const mayHaveSdk = program.isIncomplete || unread.length > 0 || runner === 'deno';
    if (!mayHaveSdk && !program.loads.some(mayStartSdk)) findings.push(noSdkStarted(entry));
    const place = observer.file === undefined ? '' : ` in ${observer.file}`;
    return checked(START_SCRIPT, `${detail}; ${observer.specifier}${place} instruments openai`, findings);
  }
  if (unread.length > 0) return skippedCheck(START_SCRIPT, `${detail}; ${unread[0]} cannot be read`);
  if (start.openai.length > 0 || program.bundle !== undefined)
    return checked(START_SCRIPT, detail, [...findings, findMissingSetUp(start)]);
  const more = program.isIncomplete ? ', and not all of them could be read' : '';
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

function runtimeWithoutHooks(runner: string): string | undefined {
  if (runner === 'bun') return 'Bun';
  if (runner === 'deno') return 'Deno';
  return typeof module.registerHooks === 'function' ? undefined : `Node ${process.version}`;
}

function noSdkStarted(entry: string): Finding {
  const message = `No import of an OpenTelemetry SDK was found in the files that ${entry} loads. If nothing else starts one, nothing is recorded.`;
  return remark('no_sdk_started', message, `Start one, or use --import ${REGISTER}.`);
}

function findMissingSetUp(start: Start): Finding {
  const { entry, script } = start.launch;
  const described = script === undefined ? 'The command' : `The script "${script}"`;
  const idle = start.program.loads.find(
    ({ file, specifier }) => file === undefined && specifier.startsWith(NAME),
  );
  if (idle !== undefined)
    return problem(
      'preload_without_effect',
      `${described} loads ${idle.specifier}, which instruments nothing by itself: nothing is traced.`,
      `Replace it by ${REGISTER}.`,
    );
  return problem(
    'set_up_not_loaded',
    `${described} starts ${entry}, which uses openai, without the instrumentation: nothing is traced.`,
    remedyFor(start),
  );
}

/**
 * Reports a copy of `openai` that cannot be hooked: it is in a bundle, or the runtime cannot hook this kind of import.
 */
function findUnhooked({ program: { bundle }, openai, byHand, hookless }: Start): Finding[] {
  if (byHand !== undefined) return [];
  const message = `${bundle} contains openai. The module hooks cannot find it there, so its calls are not traced.`;
  const action = `Keep openai out of the bundle, build with the plugin of ${NAME}/bundler, or call instrumentOpenAI(OpenAI) of ${NAME}/client in the program.`;
  // Every version of Node hooks CommonJS.
  const isMissed = openai.some(({ asModule }) => asModule || hookless?.startsWith('Node') === false);
  return [
    ...(bundle === undefined ? [] : [problem('openai_in_bundle', message, action)]),
    ...(hookless !== undefined && isMissed ? [describeFinding('node_too_old', hookless)] : []),
  ];
}

/** Reports that the instrumentation is set up after `openai` is loaded. */
function findLateSetUp(start: Start): Finding[] {
  const { launch, setUp, openai, byHand, hookless } = start;
  const early = openai.find(({ beforeCode, root }) => beforeCode && root === setUp?.root);
  if (hookless !== undefined || byHand !== undefined || setUp === undefined || early === undefined) return [];
  const message = `${setUp.file} sets up the instrumentation too late: all ES modules are loaded before the first of them runs, and ${early.file} imports openai.`;
  const isPreloaded = setUp.root !== launch.entry;
  const remedy = isPreloaded
    ? "Import openai after the setup there: await import('openai')."
    : remedyFor(start);
  return [problem('set_up_too_late', message, remedy)];
}

/** Says how to load the setup first. A setup in the user's own code is preloaded by its file name. */
function remedyFor({ launch, kind, setUp }: Start): string {
  const { entry, runner, script } = launch;
  // `ts-node` has no option `--import`.
  const flag = kind.isModule && runner !== 'ts-node' ? '--import' : '--require';
  const place = script === undefined ? '' : ` in the script "${script}"`;
  const add = (loaded: string): string => `Add ${flag}=${loaded} before ${entry}${place}.`;
  if (setUp?.file === undefined || setUp.specifier === REGISTER) return add(REGISTER);
  if (!entry.endsWith(setUp.file)) return add(`./${setUp.file}`);
  const own = `telemetry.${kind.isModule ? 'mjs' : 'cjs'}`;
  return `Move the setup to a file of its own, such as ${own}. ${add(`./${own}`)}`;
}
