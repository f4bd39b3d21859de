import module from 'node:module';
import { resolve } from 'node:path';
import { describeFinding, type Finding } from '../diagnostics/findings.ts';
import { COMMAND, NAME } from '../util/version.ts';
import { type Check, checked, skippedCheck } from './check.ts';
import { mayStartSdk, type OpenAIImport, type Program, readProgram } from './program.ts';
import { describeProjectFinding } from './project-findings.ts';
import { environmentOf, type Launch, preloadsIn, printable, printableWith } from './start-scripts.ts';

const START_SCRIPT = 'start script';
const FILE_TYPE = 'file type';
const IMPORTS = 'imports';

/** Packages that are often preloaded and do not bring this one. */
const WITHOUT_SET_UP =
  /^(?:tsx|ts-node|tsconfig-paths|dotenv|source-map-support|@swc-node|@opentelemetry)(?:\/|$)/;

/** What a program is started with, and what that loads. */
interface Start {
  readonly launch: Launch;
  /** The preload that sets the instrumentation up. */
  readonly preload: string | undefined;
  /** An entry of this package that is preloaded, but sets nothing up. */
  readonly idle: string | undefined;
  /** A preload whose files cannot be read, so what it sets up is unknown. */
  readonly unread: string | undefined;
  /** Whether a preload starts an SDK, or may do so. */
  readonly hasSdk: boolean;
  /** A preloaded setup that itself imports `openai` before its own code runs. */
  readonly spoiled: string | undefined;
  /** The name of a runtime without module hooks. */
  readonly hookless: string | undefined;
}

/** Where programs are started, and by what. */
export interface Surroundings {
  /** The folder of the project: files above it are not read. */
  readonly root: string;
  /** Where commands are run. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly nodeVersion: string;
  /** The command that was asked for in the place of the start scripts. */
  readonly start?: string | undefined;
}

/** Looks at how a project starts its programs: the commands, the types of their files, and the order of their imports. */
export function examineStart(launches: readonly Launch[], surroundings: Surroundings): Check[] {
  if (launches.length === 0) {
    const missing = 'package.json has no start, serve or dev script that runs a file with Node';
    const reason =
      surroundings.start === undefined ? missing : `${surroundings.start} does not run a file with Node`;
    return [
      skippedCheck(START_SCRIPT, `${reason}. Give the command: ${COMMAND} doctor --start "node app.mjs"`),
      ...[FILE_TYPE, IMPORTS].map((subject) => skippedCheck(subject, 'no start script')),
    ];
  }
  const { root, folder } = surroundings;
  return launches.flatMap((launch) => {
    const program = readProgram(resolve(folder, launch.entry), {
      root,
      folder,
      transpiles: transpiles(launch),
    });
    if (program === undefined) {
      const reason = `${launch.entry} cannot be read. If a build creates it, run the build first`;
      return [START_SCRIPT, FILE_TYPE, IMPORTS].map((subject) => skippedCheck(subject, reason));
    }
    const start = startOf(launch, surroundings);
    return [examineCommand(start, program), examineType(start, program), examineImports(start, program)];
  });
}

function startOf(launch: Launch, { root, folder, environment, nodeVersion }: Surroundings): Start {
  const options = environmentOf(launch, folder, environment).NODE_OPTIONS;
  let [preload, idle, unread, spoiled]: (string | undefined)[] = [];
  // Deno brings its own.
  let hasSdk = launch.runner === 'deno';
  for (const each of [...launch.preloads, ...preloadsIn(options)]) {
    hasSdk ||= mayStartSdk(each);
    // The drop-in instruments all clients, even if nothing uses what it exports.
    if (each === `${NAME}/register` || each === `${NAME}/openai`) preload ??= each;
    else if (each === NAME || each.startsWith(`${NAME}/`)) idle ??= each;
    else if (!/^\.{0,2}[\\/]/.test(each)) {
      if (!WITHOUT_SET_UP.test(each)) unread ??= each;
    } else {
      const program = readProgram(resolve(folder, each), { root, folder, transpiles: transpiles(launch) });
      if (program === undefined) unread ??= each;
      hasSdk ||= program?.hasSdk !== false || program.isIncomplete;
      if (program?.setUp === undefined) continue;
      preload ??= each;
      spoiled ??= program.openai.find(({ beforeCode }) => beforeCode)?.file;
    }
  }
  hasSdk ||= unread !== undefined;
  return {
    launch,
    preload,
    idle,
    unread,
    hasSdk,
    spoiled,
    hookless: runtimeWithoutHooks(launch.runner, nodeVersion),
  };
}

function transpiles({ runner, preloads }: Launch): boolean {
  return /^ts/.test(runner) || preloads.some((preload) => /^(?:tsx|ts-node)(?:\/|$)/.test(preload));
}

function runtimeWithoutHooks(runner: string, nodeVersion: string): string | undefined {
  if (runner === 'bun') return 'Bun';
  if (runner === 'deno') return 'Deno';
  return typeof module.registerHooks === 'function' ? undefined : `Node ${nodeVersion}`;
}

/** Whether something observes the program's clients at all. */
function examineCommand({ launch, preload, idle, unread, hasSdk }: Start, program: Program): Check {
  const shown = printable(launch);
  const command = launch.script === undefined ? shown : `"${launch.script}": ${shown}`;
  const isSilent = hasSdk || program.hasSdk || program.isIncomplete;
  const notes = isSilent ? [] : [describeProjectFinding('no_sdk_started', launch.entry)];
  if (preload !== undefined) return checked(START_SCRIPT, `${command} loads ${preload} first`, notes);
  if (program.byHand !== undefined)
    return checked(START_SCRIPT, `${command}; ${program.byHand} instruments openai`, notes);
  if (program.setUp !== undefined)
    return checked(START_SCRIPT, `${command}; ${program.setUp.file} sets up the instrumentation`, notes);
  if (unread !== undefined) return skippedCheck(START_SCRIPT, `${command}: ${unread} cannot be read`);
  const described =
    launch.script === undefined ? 'The command' : `The script ${JSON.stringify(launch.script)}`;
  if (idle !== undefined) {
    const remedy = printableWith(launch, '').replace(idle, `${NAME}/register`);
    return checked(START_SCRIPT, command, [
      describeProjectFinding('preload_without_effect', described, idle, remedy),
    ]);
  }
  const [first] = program.openai;
  if (first === undefined && program.bundle === undefined)
    return skippedCheck(START_SCRIPT, `${command}: ${withoutImport(launch, program)}`);
  return checked(START_SCRIPT, command, [
    describeProjectFinding('set_up_not_loaded', described, launch.entry, remedyFor(program, launch)),
  ]);
}

/** Whether the runtime can hook what the program imports. */
function examineType({ launch, hookless }: Start, program: Program): Check {
  const kind = program.kind === 'module' ? 'an ES module' : 'CommonJS';
  const detail = `${launch.entry} is ${kind} (${program.kindBy})`;
  const unhooked = program.openai.find(({ asModule }) => asModule);
  const isMissed = hookless !== undefined && (unhooked !== undefined || !/^Node/.test(hookless));
  if (!isMissed || program.byHand !== undefined || program.openai.length === 0)
    return checked(FILE_TYPE, detail);
  return checked(FILE_TYPE, detail, [describeFinding('node_too_old', hookless)]);
}

/** Whether the setup comes before `openai`, and whether `openai` is a module of its own. */
function examineImports(start: Start, program: Program): Check {
  const { launch, preload, spoiled, unread, hookless } = start;
  if (program.byHand !== undefined)
    return checked(IMPORTS, `${program.byHand} instruments openai without hooks`);
  const early = program.openai.find(({ beforeCode }) => beforeCode);
  const isHooked = hookless === undefined;
  const findings: Finding[] = [];
  if (program.bundle !== undefined) findings.push(describeProjectFinding('openai_in_bundle', program.bundle));
  if (isHooked && preload !== undefined && spoiled !== undefined)
    findings.push(describeProjectFinding('set_up_too_late', preload, spoiled, LOAD_LATER));
  else if (isHooked && preload === undefined && program.setUp !== undefined && early !== undefined) {
    const place = program.setUp.isRegister ? '' : ', from a file of its own';
    const remedy = `Load the setup first${place}: ${remedyFor(program, launch)}`;
    findings.push(describeProjectFinding('set_up_too_late', program.setUp.file, early.file, remedy));
  }
  const [first] = program.openai;
  if (findings.length > 0) return checked(IMPORTS, describeImport(first, launch), findings);
  if (first === undefined) return skippedCheck(IMPORTS, withoutImport(launch, program));
  if (program.setUp === undefined && preload === undefined)
    return skippedCheck(IMPORTS, unread === undefined ? 'there is no setup' : `${unread} was not read`);
  return checked(IMPORTS, describeImport(first, launch));
}

const LOAD_LATER = "Import openai after the setup there: await import('openai')";

function withoutImport({ entry }: Launch, { isIncomplete }: Program): string {
  const unread = isIncomplete ? ', and not all of them could be read' : '';
  return `no import of openai was found in the files that ${entry} loads${unread}`;
}

function describeImport(first: OpenAIImport | undefined, { entry }: Launch): string {
  return `${first?.file ?? entry} ${first?.asModule === false ? 'requires' : 'imports'} openai`;
}

/** The command that loads the setup first: that of the program by its file. */
function remedyFor({ kind, setUp }: Program, launch: Launch): string {
  const { entry, runner } = launch;
  const isModule = kind === 'module';
  const ownFile = entry.endsWith(setUp?.file ?? '') ? `telemetry.${isModule ? 'mjs' : 'cjs'}` : setUp?.file;
  const loaded = setUp === undefined || setUp.isRegister ? `${NAME}/register` : `./${ownFile}`;
  // `ts-node` has no `--import`.
  return printableWith(launch, `${isModule && runner !== 'ts-node' ? '--import' : '--require'} ${loaded}`);
}
