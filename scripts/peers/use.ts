/**
 * Uses the SDK in one way, with one package.
 *
 *   node --expose-gc scripts/peers/use.ts <folder> <package> <number of the use>
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startAgent, startApi } from './api.ts';
import { PEERS, payloads } from './packages.ts';
import { USES } from './uses.ts';

/** What happened to the program, and to the record of its call. */
export interface Outcome {
  readonly error?: string | undefined;
  readonly unhandled: boolean;
  readonly ended: number;
  readonly failed: boolean;
}

const [folder = '', name, index] = process.argv.slice(2);
const peer = PEERS.find((one) => one.name === name);
const use = USES[Number(index)];
if (peer === undefined || use === undefined) throw new Error(`There is no ${name} or no use ${index}.`);

const agent = await startAgent();
const require = createRequire(join(folder, 'program.cjs'));
const load = <T>(specifier: string): T => require(specifier) as T;
const {
  client,
  ended,
  around = (run) => run(),
} = await peer.setUp(load, {
  api: await startApi(),
  agent: agent.url,
});
let unhandled = false;
const seeUnhandled = (): void => {
  unhandled = true;
};
process.on('unhandledRejection', seeUnhandled).on('uncaughtException', seeUnhandled);

let error: string | undefined;
await around(async () => {
  await use.run(client).catch((thrown: Error) => {
    error = thrown.message;
  });
  await collectGarbage(use.isAbandoned === true ? 2_500 : 400);
});
await collectGarbage(800);
payloads.push(...agent.payloads);
const records = await ended();
const outcome: Outcome = {
  error,
  unhandled,
  ended: records.length,
  failed: records.some(({ failed }) => failed),
};
process.stdout.write(`\n${JSON.stringify(outcome)}`, () => process.exit(0));

/** Spans may end when an object is collected. */
async function collectGarbage(milliseconds: number): Promise<void> {
  for (let waited = 0; waited < milliseconds; waited += 100) {
    globalThis.gc?.();
    await wait(100);
  }
}
