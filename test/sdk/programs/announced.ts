// What the lines in a bundle announce, before and after the hooks are there, on a Node without synchronous module hooks.
import module from 'node:module';
import { bundledAnnouncementOf } from '../../../src/sdk/loading/hooked-files.ts';

Object.assign(module, { registerHooks: undefined });
/** Runs a file of `openai` as it stands in a bundle. */
function runFile(version: string): void {
  const line = bundledAnnouncementOf('openai/client.mjs', version);
  new Function(`class OpenAI { makeRequest() {} }${line}`)();
}

runFile('7.0.1');
// Anyone can write there.
const early = Symbol.for('opentelemetry-instrumentation-openai/loaded-early@1');
(globalThis as unknown as Record<symbol, unknown[]>)[early]?.push(null, [], [{}, 1, 2], 'text');

const { onClientLoaded } = await import('../../../src/sdk/loading/module-hooks.ts');
const heard: unknown[] = [];
const stop = onClientLoaded({ client: (client) => heard.push([client.version, client.early]) });
runFile('7.0.2');
stop();
runFile('7.0.3');
onClientLoaded({ client: ({ version }) => heard.push(version) })();
// A development server loads a bundle each time it has changed.
for (let index = 0; index < 1_000; index++) runFile('8.0.0');
const late: unknown[] = [];
onClientLoaded({ client: ({ version }) => late.push(version) })();
heard.push(late.length);
console.log(JSON.stringify(heard));
