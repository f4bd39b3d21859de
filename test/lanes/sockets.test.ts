import { describe, expect, test } from 'vitest';
import { hostile } from '../support/lanes/hostile-socket.ts';
import { type ProgramOutcome, runProgram } from '../support/lanes/program.ts';
import { LANES_AND_FORMATS } from '../support/lanes/scenario.ts';
import { startSimulator } from '../support/simulator/index.ts';

/** What a program saw of its sockets, what the server got from it, and what was recorded. */
interface Use {
  readonly seen: Readonly<Record<string, readonly string[]>>;
  readonly frames: readonly (readonly string[])[];
  readonly outcome: ProgramOutcome;
}

const CLASSES: Readonly<Record<string, number>> = { '4.104.0': 2, '5.23.2': 4, '6.49.0': 6, '7.55.0': 10 };
const ROWS = LANES_AND_FORMATS.filter(({ lane }) => lane.line === 3 && lane.openai in CLASSES);

describe.each(ROWS)('$name, $format: a program with sockets', ({ lane, format }) => {
  test('sees and sends the same with and without instrumentation', async () => {
    const setup = [format === 'cjs' ? '--require' : '--import', `./sdk-${lane.line}.${format}`];
    const bare = await use(lane.name, format, []);
    const instrumented = await use(lane.name, format, setup);
    expect(Object.keys(bare.seen)).toHaveLength(2 * (CLASSES[lane.openai] ?? 0));
    expect(instrumented.seen).toEqual(bare.seen);
    expect(instrumented.frames).toEqual(bare.frames);
    const responses = instrumented.outcome.spans.filter(({ name }) => name === 'chat gpt-4o');
    expect(responses.length > 0).toBe(Number(lane.openai.split('.')[0]) >= 6);
  });
});

async function use(lane: string, format: string, parameters: readonly string[]): Promise<Use> {
  const simulator = await startSimulator();
  const { port } = new URL(simulator.url);
  simulator.onSocket(...Array.from({ length: 2 * 10 }, () => hostile));
  try {
    const env = { FORMAT: format, PORT: port };
    const outcome = await runProgram({ lane, parameters: [...parameters, 'sockets.mjs'], env });
    const seen = JSON.parse(JSON.stringify(outcome.result).replaceAll(port, 'PORT'));
    return { seen, frames: simulator.sockets.map(({ frames }) => frames), outcome };
  } finally {
    await simulator.close();
  }
}
