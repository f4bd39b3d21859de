import module from 'node:module';
import { describeFinding, type Finding, type ProjectFindingCode } from '../diagnostics/findings.ts';
import { repairedNode } from '../diagnostics/tested-versions.ts';
import { NAME } from '../util/version.ts';
import { type Check, checked, problem, remark, skippedCheck } from './check.ts';
import { type Load, packageRole, REGISTER, readProgram } from './program.ts';
import type { Launch } from './start-scripts.ts';

export const START_SCRIPT = 'start script';
/** Packages that are often preloaded and do not load this package. */
const WITHOUT_SET_UP =
  /^(?:tsx|ts-node|tsconfig-paths|dotenv|source-map-support|@swc-node|@opentelemetry)(?:\/|$)/;

/**
 * Checks how a program is started: what is loaded first, and in which order the program imports the rest.
 *
 * @param root the folder of the project: files above it are not read
 * @param folder the folder where the command runs
 */
export function examineStart(launch: Launch, root: string, folder: string): Check {
  const { entry, runner, script, preloads } = launch;
  const described = script === undefined ? 'the command' : `"${script}"`;
  const files = preloads.filter((each) => /^\.{0,2}[\\/]/.test(each));
  const ours = preloads.filter((each) => each === NAME || each.startsWith(`${NAME}/`));
  const transpiles = [runner, ...preloads].some((each) => /^(?:tsx|ts-node)(?:\/|$)/.test(each));
  const { loads, kinds } = readProgram([...files, entry], root, folder, transpiles);
  const kind = kinds.get(entry);
  if (kind === undefined) {
    const reason = `${described} runs ${entry}, which cannot be read. If a build creates it, run the build first`;
    return skippedCheck(START_SCRIPT, reason);
  }
  const [isModule, reason] = kind;
  const detail = `${described} runs ${entry} with ${runner}, ${isModule ? 'an ES module' : 'CommonJS'} (${reason})`;
  loads.push(...ours.map((specifier) => ({ specifier, role: packageRole(specifier, '', '') })));
  const setUp = loads.find(({ role }) => role === 'sets up');
  const byHand = loads.find(({ role }) => role === 'traces by hand');
  const findings = [
    ...(byHand === undefined ? findUntraced(launch, isModule, loads, setUp) : []),
    ...findLoadHook(isModule, loads),
  ];
  const { specifier, file } = setUp ?? byHand ?? {};
  if (specifier !== undefined) findings.push(...findUntracedAgents(loads, file));
  const place = file === undefined ? '' : ` in ${file}`;
  if (specifier !== undefined)
    return checked(START_SCRIPT, `${detail}; ${specifier}${place} instruments openai`, findings);
  const unread = preloads.find(
    (each) => !ours.includes(each) && !WITHOUT_SET_UP.test(each) && kinds.get(each) === undefined,
  );
  if (unread !== undefined) return skippedCheck(START_SCRIPT, `${detail}; ${unread} cannot be read`);
  if (findings.length > 0) return checked(START_SCRIPT, detail, findings);
  return skippedCheck(START_SCRIPT, `${detail}; no import of openai was found in the files it loads`);
}

/** Finds why the module hooks miss `openai`: nothing sets them up, or not in time, or they cannot see this copy. */
function findUntraced(
  launch: Launch,
  isModule: boolean,
  loads: readonly Load[],
  setUp: Load | undefined,
): Finding[] {
  const { entry, runner, script, preloads } = launch;
  const [described, place] =
    script === undefined ? ['The command', ''] : [`The script "${script}"`, ` in the script "${script}"`];
  // `ts-node` has no option `--import`.
  const flag = isModule && runner !== 'ts-node' ? '--import' : '--require';
  const add = (loaded: string): string => `Add ${flag}=${loaded} before ${entry}${place}.`;
  const openai = loads.filter(({ role }) => role === 'uses openai');
  const bundle = loads.find(({ role }) => role === 'bundled openai')?.file;
  const hookless = runtimeWithoutHooks(runner, isModule);
  const findings: Finding[] = [];
  const report = (code: ProjectFindingCode, message: string, action: string): void =>
    void findings.push(problem(code, message, action));
  if (bundle !== undefined)
    report(
      'openai_in_bundle',
      `${bundle} contains openai. The module hooks cannot find it there, so its calls are not traced.`,
      `Keep openai out of the bundle, build with the plugin of ${NAME}/bundler, or call instrumentOpenAI(OpenAI) of ${NAME}/client in the program.`,
    );
  if (hookless !== undefined && openai.length > 0) findings.push(describeFinding('node_too_old', hookless));
  const idle = preloads.find((each) => each.startsWith(NAME));
  if (setUp !== undefined) {
    const early = openai.find(({ isEarly, root }) => isEarly && root === setUp.root);
    if (early !== undefined && hookless === undefined)
      report(
        'set_up_too_late',
        `${setUp.file} sets up the instrumentation too late: all ES modules are loaded before the first of them runs, and ${early.file} imports openai.`,
        remedyFor(setUp, entry, add),
      );
  } else if (openai.length === 0 && bundle === undefined) return [];
  // Bun and Deno have no module hooks that a preload could set up.
  else if (runner === 'bun' || runner === 'deno') return findings;
  else if (idle !== undefined)
    report(
      'preload_without_effect',
      `${described} loads ${idle}, which instruments nothing by itself: nothing is traced.`,
      `Replace it with ${REGISTER}.`,
    );
  else
    report(
      'set_up_not_loaded',
      `${described} starts ${entry}, which uses openai, without the instrumentation: nothing is traced.`,
      add(REGISTER),
    );
  return findings;
}

/** A setup of the program's own records agents only if it instruments them. */
function findUntracedAgents(loads: readonly Load[], setUp: string | undefined): Finding[] {
  const agents = loads.find(({ specifier }) => /^(?:npm:)?@openai\/agents(?:-core)?(?:@|$)/.test(specifier));
  const instruments = [REGISTER, `${NAME}/agents`];
  if (agents === undefined || loads.some(({ specifier }) => instruments.includes(specifier))) return [];
  const message = `${agents.file} uses @openai/agents, but nothing calls instrumentAgents: model calls are recorded, but not workflows, agents or tools.`;
  const action = `Call instrumentAgents() of ${NAME}/agents in ${setUp ?? 'the setup'}.`;
  return [remark('agents_not_instrumented', message, action)];
}

/** Some releases of Node cannot start an ES module beside a load hook that the program registers. */
function findLoadHook(isModule: boolean, loads: readonly Load[]): Finding[] {
  const repaired = repairedNode();
  const file = loads.find(({ role }) => role === 'hooks loads')?.file;
  if (!isModule || repaired === undefined || file === undefined) return [];
  return [describeFinding('load_hook_registered', process.versions.node, file, repaired)];
}

/** The name of a runtime without module hooks for the program. Every Node version can hook CommonJS. */
function runtimeWithoutHooks(runner: string, isModule: boolean): string | undefined {
  if (runner === 'bun') return 'Bun';
  if (runner === 'deno') return 'Deno';
  return isModule && module.registerHooks === undefined ? `Node ${process.version}` : undefined;
}

function remedyFor({ file, root, specifier }: Load, entry: string, add: (loaded: string) => string): string {
  if (root !== entry) return "Import openai after the setup there: await import('openai').";
  if (specifier === REGISTER) return add(REGISTER);
  const isOwnFile = file !== undefined && !entry.endsWith(file);
  const own = isOwnFile ? file : 'telemetry.mjs';
  return `${isOwnFile ? '' : `Move the setup to a file of its own, such as ${own}. `}${add(`./${own}`)}`;
}
