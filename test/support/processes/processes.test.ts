import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../simulator/index.ts';
import { startProcesses } from './index.ts';
import type { Greeter } from './programs/greeter.ts';

const GREETER = new URL('./programs/greeter.ts', import.meta.url);

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

it('the telemetry of all processes is collected', async () => {
  const processes = await startProcesses({ baseURL: simulator.url });
  const web = await processes.start<Greeter>('web', GREETER);
  const worker = await processes.start<Greeter>('worker', GREETER);
  expect(await web.call('greet', 'Ada')).toEqual(expect.any(String));
  await worker.call('greet', 'Grace');
  await processes.expectTree(`
    greeting             process=web
    └─ chat gpt-4o-mini  process=web

    greeting             process=worker
    └─ chat gpt-4o-mini  process=worker
  `);
  const calls = processes.metrics.filter(({ name }) => name === 'gen_ai.client.operation.duration');
  expect(calls.map(({ service, count }) => `${service} ${count}`).sort()).toEqual(['web 1', 'worker 1']);
});

it('errors in a step, and the exit of a process, are passed on', async () => {
  const processes = await startProcesses({ baseURL: simulator.url });
  const web = await processes.start<Greeter>('web', GREETER);
  await expect(web.call('fail')).rejects.toThrow('This step fails.');
  await expect(web.call('exit')).rejects.toThrow('The process web ended with 3');
  await expect(processes.stop()).rejects.toThrow('The process web ended with 3');
});
