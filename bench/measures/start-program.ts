/**
 * A program that loads OpenTelemetry, registers the instrumentation, and creates its first client. Prints the
 * milliseconds of processor time that the last two take.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { instrumentOpenAI } from '../../src/client.ts';
import { chatApi } from '../cases/chat.ts';
import { setUpTelemetry } from '../telemetry.ts';
import { OURS, VARIANTS } from '../variants/index.ts';

const [name = '', folder = ''] = process.argv.slice(2);
const load = createRequire(join(folder, 'program.js'));
const telemetry = setUpTelemetry(load, { metered: true, sampled: true });
const measured = {
  name: 'start',
  title: 'start',
  requests: 0,
  operations: 0,
  api: chatApi,
  run: async () => undefined,
};
const before = process.cpuUsage();
start();
const { user, system } = process.cpuUsage(before);
process.stdout.write(String((user + system) / 1_000));
process.exit();

function start(): void {
  if (name === `${OURS}/openai`) {
    const { OpenAI } = load(name) as typeof import('openai');
    new OpenAI({ apiKey: 'test' });
  } else if (name === `${OURS}/client`) {
    const entry = load(name) as { instrumentOpenAI: typeof instrumentOpenAI };
    const { OpenAI } = load('openai') as typeof import('openai');
    entry.instrumentOpenAI(new OpenAI({ apiKey: 'test' }));
  } else {
    const variant = VARIANTS.find((one) => one.name === name);
    if (variant === undefined) throw new Error(`There is no variant ${name}`);
    const prepared = variant.prepare({ load, folder, telemetry, measured });
    const module = load('openai') as typeof import('openai');
    prepared?.loaded?.(module);
    const client = new module.OpenAI({ apiKey: 'test' });
    prepared?.client?.(client);
  }
}
