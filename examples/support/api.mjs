/**
 * The API that the examples talk to: OpenAI's if `OPENAI_API_KEY` is set, otherwise a simulator on this machine.
 * `--import` loads this file before an example, so that `new OpenAI()` there finds the API.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';

if (!process.env.OPENAI_API_KEY) await simulate();

/** Starts the simulator as a process that ends with this one. `simulation.mjs` says what the model does. */
async function simulate() {
  const example = dirname(process.argv[1]);
  const server = fork(new URL('simulator.mjs', import.meta.url), [example], { execArgv: [] });
  const [url] = await once(server, 'message');
  server.unref();
  server.channel.unref();
  process.env.OPENAI_API_KEY = 'no key is needed here';
  process.env.OPENAI_BASE_URL = url;
  // `@openai/agents` sends its own traces to OpenAI.
  process.env.OPENAI_AGENTS_DISABLE_TRACING = '1';
  process.env.AZURE_OPENAI_API_KEY = 'no key is needed here';
  process.env.AZURE_OPENAI_ENDPOINT = new URL(url).origin;
}
