import type { RunScript } from '../simulator/index.ts';
import { startReplay, startSimulator } from '../simulator/index.ts';
import { PROGRAM_LANES, type ProgramLane } from './lanes.ts';
import { type ProgramOutcome, runProgram } from './program.ts';

/** How a program is written: as a CommonJS module or as an ES module. */
export type Format = 'cjs' | 'mjs';

interface Row {
  readonly lane: ProgramLane;
  readonly name: string;
  readonly format: Format;
}

/** Every lane with both formats, as rows for `describe.each`. */
export const LANES_AND_FORMATS: readonly Row[] = PROGRAM_LANES.flatMap((lane) =>
  (['cjs', 'mjs'] as const).map((format) => ({ lane, name: lane.name, format })),
);

/** Every lane once, with one format after the other, for what does not depend on how the package is loaded. */
export const LANES_IN_TURN: readonly Row[] = LANES_AND_FORMATS.filter(
  ({ format }, index) => (format === 'cjs') === index % 4 < 2,
);

export interface Scenario {
  /** A function of test/lanes/programs/scenarios.cjs. */
  readonly name: string;
  readonly server:
    | { readonly recording: string }
    | { readonly runs: readonly RunScript[] }
    | { readonly failure: object };
}

export type Instrumented = 'no' | 'without content' | 'with content';

/** Runs a scenario as a program in a lane, against a server of its own. */
export async function runScenario(
  { name, server }: Scenario,
  { lane, format }: { lane: ProgramLane; format: Format },
  instrumented: Instrumented,
): Promise<ProgramOutcome> {
  const started = await startServer(server);
  try {
    const setup =
      instrumented === 'no'
        ? []
        : [format === 'cjs' ? '--require' : '--import', `./sdk-${lane.line}.${format}`];
    return await runProgram({
      lane: lane.name,
      parameters: [...setup, `main.${format}`],
      env: {
        BASE_URL: started.url,
        SCENARIO: name,
        ...(instrumented === 'with content'
          ? { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'span_only' }
          : {}),
      },
    });
  } finally {
    await started.close();
  }
}

async function startServer(server: Scenario['server']) {
  if ('recording' in server) return startReplay(server.recording);
  const simulator = await startSimulator('runs' in server ? { runs: server.runs } : {});
  if ('failure' in server) simulator.next(server.failure);
  return simulator;
}
