import { describe, expect, test } from 'vitest';
import { hostile } from '../support/lanes/hostile-socket.ts';
import { type ProgramOutcome, runProgram } from '../support/lanes/program.ts';
import { LANES_IN_TURN } from '../support/lanes/scenario.ts';
import { startSimulator } from '../support/simulator/index.ts';

/** What a program saw of its sockets, what the server got from it, and what was recorded. */
interface Use {
  readonly seen: Readonly<Record<string, readonly string[]>>;
  readonly frames: readonly (readonly string[])[];
  readonly outcome: ProgramOutcome;
}

/** How many classes of each kind a version has, by the span that their sockets have. */
const CLASSES: Readonly<Record<string, { realtime: number; live: number; responses: number }>> = {
  '4.104.0': { realtime: 2, live: 0, responses: 0 },
  '5.23.2': { realtime: 4, live: 0, responses: 0 },
  '6.49.0': { realtime: 4, live: 0, responses: 2 },
  '7.57.0': { realtime: 5, live: 3, responses: 2 },
};
const ROWS = LANES_IN_TURN.filter(({ lane }) => lane.line === 3 && lane.openai in CLASSES);

describe.each(ROWS)('$name, $format: a program with sockets', ({ lane, format }) => {
  test('sees and sends the same with and without instrumentation', async () => {
    const setup = [format === 'cjs' ? '--require' : '--import', `./sdk-${lane.line}.${format}`];
    const [bare, instrumented] = await Promise.all([
      use(lane.name, format, []),
      use(lane.name, format, setup),
    ]);
    const { realtime = 0, live = 0, responses = 0 } = CLASSES[lane.openai] ?? {};
    // With listeners and without.
    expect(Object.keys(bare.seen)).toHaveLength(2 * (realtime + live + responses));
    expect(instrumented.seen).toEqual(bare.seen);
    expect(instrumented.frames).toEqual(bare.frames);
    const recorded = (name: string) => instrumented.outcome.spans.filter((span) => span.name === name).length;
    expect([recorded('realtime'), recorded('live')]).toEqual([2 * realtime, 2 * live]);
    expect(recorded('chat gpt-4o') > 0).toBe(responses > 0);
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
