import { setImmediate as nextTurn } from 'node:timers/promises';
import OpenAI from 'openai';
import { instrumentOpenAI } from '../../../src/client.ts';
import { startSimulator } from '../../support/simulator/index.ts';
import { recordTelemetry } from '../../support/telemetry.ts';

/** What a program of this folder runs in. */
export const telemetry: ReturnType<typeof recordTelemetry> = recordTelemetry();
export const simulator: Awaited<ReturnType<typeof startSimulator>> = await startSimulator();
const options = { apiKey: 'k', baseURL: simulator.url, maxRetries: 0 };

class Subclass extends (OpenAI as unknown as new (
  options: object,
) => { makeRequest(...args: unknown[]): unknown }) {
  override async makeRequest(...args: unknown[]): Promise<unknown> {
    return await super.makeRequest(...args);
  }
}
/** One that makes requests in a way of its own. */
export const subclassed: OpenAI = instrumentOpenAI(new Subclass(options) as unknown as OpenAI, {});

/** Collects garbage until the condition holds, at most a few hundred times. */
export async function collectUntil(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !condition(); turn++) {
    globalThis.gc?.();
    await nextTurn();
  }
}

/** Prints the result for the test, after the last thing has happened. */
export async function finish(result: unknown): Promise<void> {
  await telemetry.verify();
  await simulator.close();
  console.log(JSON.stringify(result));
}
