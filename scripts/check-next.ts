/**
 * Builds examples/bundled/next in a lane, starts it, requests its route, and reads the spans that it sends.
 * `npm run check-next` makes the lane; `--made` uses the lane that the tests have made. With webpack, the bundle does
 * not contain `openai`. With Turbopack, it does, and the configuration is that of docs/bundlers.md.
 */
import { spawn } from 'node:child_process';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { codeBlocksOf } from '../test/docs/documents.ts';
import { mustRun } from '../test/support/lanes/command.ts';
import { NEXT_LANE } from '../test/support/lanes/lanes.ts';
import { laneDirectory, ROOT } from '../test/support/lanes/paths.ts';
import { makeLanes } from '../test/support/lanes/prepare.ts';
import { packPackage } from '../test/support/lanes/tarball.ts';
import { startSimulator } from '../test/support/simulator/index.ts';

/** A route for which Next.js compiles `instrumentation.js` a second time, without Node's modules. */
const EDGE_ROUTE = `export const runtime = 'edge';\nexport const GET = () => new Response('edge');\n`;
const TESTED_CONFIGURATION = 'tested.config.mjs';
/**
 * Turns off the search for the files that a deployment must copy, which takes longer than the build. Sets the root of
 * the project, because Next.js would use the root of this repository.
 */
const CONFIGURATION = `import tested from './${TESTED_CONFIGURATION}';
const all = ['**/*'];
const root = import.meta.dirname;
export default {
  ...tested,
  turbopack: { ...tested.turbopack, root },
  outputFileTracingRoot: root,
  outputFileTracingExcludes: { '*': all, 'next-server': all, 'next-minimal-server': all },
};
`;
/** Milliseconds for the build, and for the spans to arrive. They are long, because other tests run at the same time. */
const BUILD_TIMEOUT = 420_000;
const SPANS_TIMEOUT = 180_000;

interface Span {
  readonly name: string;
  readonly traceId: Uint8Array;
}
interface Trace {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}
interface Receiver {
  readonly httpUrl: { readonly href: string };
  start(): Promise<void>;
  close(): Promise<void>;
}

const directory = laneDirectory(NEXT_LANE.name);
const NEXT = join('node_modules', 'next', 'dist', 'bin', 'next');

await prepare();
await rename(join(directory, 'next.config.mjs'), join(directory, TESTED_CONFIGURATION));
await writeFile(join(directory, 'next.config.mjs'), CONFIGURATION);
await build('webpack');
await check('webpack');
await writeFile(join(directory, TESTED_CONFIGURATION), configurationWithPlugin());
await build('turbopack');
await check('turbopack');

async function check(bundler: string): Promise<void> {
  const { answer, traces } = await ask();
  const ours = traces.find((names) => names.includes('chat gpt-4o-mini')) ?? [];
  const below = ours.some((name) => name.startsWith('GET /api/chat'));
  console.log(`${bundler}: ${answer}\nthe trace of our span:\n${ours.map((name) => `  ${name}`).join('\n')}`);
  console.log(below ? 'ok' : 'the call is not in the trace of its request');
  if (!below) process.exitCode = 1;
}

function configurationWithPlugin(): string {
  const block = codeBlocksOf('docs/bundlers.md').find(({ code }) => code.startsWith('// next.config.mjs'));
  if (block === undefined) throw new Error('docs/bundlers.md has no configuration for Next.js');
  return block.code;
}

async function prepare(): Promise<void> {
  if (!process.argv.includes('--made')) await makeLanes([NEXT_LANE], await packPackage());
  await rm(join(directory, '.next'), { recursive: true, force: true });
  await cp(join(ROOT, 'examples', 'bundled', 'next'), directory, { recursive: true });
  const edge = join(directory, 'app', 'api', 'edge');
  await mkdir(edge, { recursive: true });
  await writeFile(join(edge, 'route.js'), EDGE_ROUTE);
}

async function build(bundler: string): Promise<void> {
  const env = { NEXT_TELEMETRY_DISABLED: '1' };
  await mustRun(process.execPath, [NEXT, 'build', `--${bundler}`], {
    cwd: directory,
    env,
    timeout: BUILD_TIMEOUT,
  });
}

/** Requests the route once, and waits for the request's span. @returns the span names of each trace */
async function ask(): Promise<{ answer: string; traces: string[][] }> {
  const simulator = await startSimulator();
  const byTrace = new Map<string, string[]>();
  const arrived = Promise.withResolvers<void>();
  const receiver = newReceiver(({ resourceSpans }) => {
    const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    for (const { name, traceId } of spans) {
      const id = Buffer.from(traceId).toString('hex');
      byTrace.set(id, [...(byTrace.get(id) ?? []), name]);
    }
    if (spans.some(({ name }) => name.startsWith('GET /api/chat'))) arrived.resolve();
  });
  await receiver.start();
  const server = spawn(process.execPath, [NEXT, 'start', '-p', '0'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      OPENAI_BASE_URL: simulator.url,
      OPENAI_API_KEY: 'test',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpUrl.href,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
  });
  const timer = setTimeout(() => arrived.reject(new Error('the spans did not arrive')), SPANS_TIMEOUT);
  try {
    const url = await urlOf(server.stdout);
    const answer = await (await fetch(`${url}/api/chat`)).text();
    await arrived.promise;
    return { answer, traces: [...byTrace.values()] };
  } finally {
    clearTimeout(timer);
    server.kill();
    await Promise.all([simulator.close(), receiver.close()]);
  }
}

/** Reads the server's address from its output. Keeps reading afterwards, because a server with a full pipe hangs. */
function urlOf(output: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    output.on('data', (chunk) => {
      text += String(chunk);
      const url = /http:\/\/localhost:\d+/.exec(text)?.[0];
      if (url !== undefined && text.includes('Ready')) resolve(url);
    });
    output.on('end', () => reject(new Error(`the server did not start:\n${text}`)));
  });
}

function newReceiver(onTrace: (trace: Trace) => void): Receiver {
  const { MockOtlpServer } = createRequire(import.meta.url)('@elastic/mockotlpserver') as {
    MockOtlpServer: new (options: object) => Receiver;
  };
  const address = { httpHostname: '127.0.0.1', httpPort: 0 };
  return new MockOtlpServer({ services: ['http'], ...address, logLevel: 'warn', onTrace });
}
