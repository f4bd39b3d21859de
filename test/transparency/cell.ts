import type { ProgramLane } from '../support/lanes/lanes.ts';
import type { Behaviour, Runtime, Surroundings } from './behaviour.ts';
import { runPrograms } from './runtimes.ts';
import { startServers } from './servers.ts';
import { judge, judgeRest, type Report, type Run, type Verdict } from './verdict.ts';

/** One combination of what programs run on. */
export interface Cell {
  readonly lane: ProgramLane;
  readonly runtime: Runtime;
  readonly format: 'cjs' | 'mjs';
  /** Whether content is recorded. Default: false. */
  readonly content?: boolean;
}

export interface CellOutcome {
  readonly cell: Cell;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** What is wrong with the cell as a whole. */
  readonly findings: readonly string[];
  readonly instrumented: Report;
}

/** Runs every behaviour in a cell without and with instrumentation, and compares. */
export async function runCell(cell: Cell, behaviours: readonly Behaviour[]): Promise<CellOutcome> {
  const [plain, instrumented] = await Promise.all([
    runAll(cell, behaviours, false),
    runAll(cell, behaviours, true),
  ]);
  const surroundings = surroundingsOf(cell);
  const verdicts = behaviours.map(
    (behaviour) => [behaviour.name, judge(behaviour, { plain, instrumented }, surroundings)] as const,
  );
  return {
    cell,
    verdicts: new Map(verdicts),
    findings: judgeRest(instrumented.report),
    instrumented: instrumented.report,
  };
}

async function runAll(cell: Cell, behaviours: readonly Behaviour[], instrumented: boolean): Promise<Run> {
  const servers = await startServers(behaviours);
  try {
    const report = await runPrograms(cell, servers.stages, instrumented);
    return { report, requests: servers.requests };
  } finally {
    await servers.close();
  }
}

function surroundingsOf({ lane, format, runtime, content = false }: Cell): Surroundings {
  const [major = 0, minor = 0] = lane.openai.split('.').map(Number);
  return { major, minor, parsesInClient: major === 7 && minor >= 25, format, runtime, content };
}
