/** The simulator, as a separate process. `api.mjs` starts it and receives its address. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startSimulator } from '../../test/support/simulator/index.ts';

const simulator = await startSimulator();
const simulation = join(process.argv[2], 'simulation.mjs');
if (existsSync(simulation)) {
  const { simulate } = await import(pathToFileURL(simulation).href);
  simulate(simulator);
}
process.once('disconnect', () => process.exit());
process.send(simulator.url);
