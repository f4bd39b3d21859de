/**
 * Much at once, or for long, in a process of its own: what a call costs where there is little of it and where there
 * is much, what is left open, and what is kept. Prints it as JSON.
 */
import { createRequire } from 'node:module';
import OpenAI from 'openai';
import { inMemory } from '../../bench/api/memory.ts';
import { setUpTelemetry, type Telemetry } from '../../bench/telemetry.ts';
import { countCalls, totalOf } from '../support/count-calls.ts';
import { bytesOfObjects } from '../support/heap/objects.ts';
import { type ScriptedTime, scriptTime } from '../support/scripted-time.ts';
import type { Finding } from './measure.ts';
import { SCENARIOS, type Stage } from './scenarios.ts';

const [wanted = '', size = ''] = process.argv.slice(2);
const scenario = SCENARIOS[wanted];
if (scenario === undefined) throw new Error(`There is no scenario ${wanted}`);

const time: ScriptedTime = scriptTime();
// The package keeps to the timers that it finds when it is loaded.
const { instrumentOpenAI } = await import('../../src/client.ts');
const telemetry: Telemetry = setUpTelemetry(createRequire(import.meta.url), { metered: true, sampled: true });
const client = new OpenAI({ apiKey: 'test', maxRetries: 0, ...inMemory(scenario.api()) });
instrumentOpenAI(client, { cost: false, ...scenario.config });

const stage: Stage = {
  client,
  time,
  inSpan: telemetry.inSpan,
  callsOf: async (run) => totalOf(await countCalls(['src/'], run)),
  async kept() {
    // What was given up is only collected after the callbacks that know of it have run.
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      globalThis.gc?.();
    }
    return bytesOfObjects();
  },
  open: () => telemetry.open,
};
const finding: Finding = await scenario.run(stage, Number(size));
console.log(JSON.stringify(finding));
process.exit();
