import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { mustRun, run } from '../../test/support/lanes/command.ts';
import type { Manager } from './managers.ts';

export interface Cell {
  readonly manager: Manager;
  /** The file of the manager that Node runs. */
  readonly managerFile: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly node: string;
  readonly tarball: string;
  readonly registry: string;
  readonly baseUrl: string;
}

/** A user's first program. It prints its spans, and the number of copies of the OpenTelemetry API. */
const PROGRAM = `
  import { createRequire } from 'node:module';
  import { NodeSDK } from '@opentelemetry/sdk-node';
  import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';

  const spans = [];
  const recorder = { onStart() {}, onEnd: (span) => spans.push(span.name), forceFlush: async () => {}, shutdown: async () => {} };
  const sdk = new NodeSDK({
    instrumentations: [new OpenAIInstrumentation()],
    spanProcessors: [recorder],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const { default: OpenAI } = await import('openai');
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
  await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
  await sdk.shutdown();

  const require = createRequire(import.meta.url);
  const copies = new Set(['opentelemetry-instrumentation-openai', '@opentelemetry/sdk-node', import.meta.url].map(
    (from) => createRequire(from.startsWith('file:') ? from : require.resolve(from)).resolve('@opentelemetry/api'),
  ));
  console.log(JSON.stringify({ spans, copies: copies.size }));
`;
const EXPECTED = JSON.stringify({ spans: ['chat gpt-4o'], copies: 1 });

/**
 * Installs the package into a new project and runs the program there.
 *
 * @returns `ok`, or what went wrong in a few words
 */
export async function tryCell(cell: Cell): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'install-'));
  try {
    await writeProject(directory, cell);
    const env = {
      PATH: [dirname(cell.node), process.env.PATH].join(delimiter),
      BASE_URL: cell.baseUrl,
      // Yarn 4 reads only its own settings.
      YARN_NPM_REGISTRY_SERVER: cell.registry,
    };
    const install = [cell.managerFile, ...cell.manager.install];
    const installed = await run(cell.node, install, { cwd: directory, env, timeout: 300_000 });
    if (installed.code !== 0) return failure('not installed', installed);
    const complaint = complaintIn(installed.stdout + installed.stderr);
    if (complaint !== undefined) return `installed, with a complaint: ${complaint}`;
    const ran = await run(cell.node, [...cell.manager.run, 'program.mjs'], { cwd: directory, env });
    if (ran.code !== 0) return failure('does not run', ran);
    return ran.stdout.trim() === EXPECTED ? 'ok' : `another result: ${ran.stdout.trim()}`;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Installs tools that are npm packages. @returns the folder in which they are */
export async function installTools(packages: readonly string[], directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), '{ "name": "tools", "private": true }\n');
  await mustRun('npm', ['install', '--no-audit', '--no-fund', ...packages], {
    cwd: directory,
    timeout: 300_000,
  });
  return join(directory, 'node_modules');
}

async function writeProject(directory: string, { manager, packages, tarball }: Cell): Promise<void> {
  const manifest = {
    name: 'project',
    private: true,
    type: 'module',
    dependencies: { ...packages, 'opentelemetry-instrumentation-openai': `file:${tarball}` },
  };
  const files = { 'package.json': `${JSON.stringify(manifest)}\n`, 'program.mjs': PROGRAM, ...manager.files };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
}

/** A package manager's warning about this package's peer dependencies, in any of its wordings. */
function complaintIn(output: string): string | undefined {
  return output
    .split('\n')
    .find((line) => /peer/i.test(line) && /opentelemetry-instrumentation-openai|unmet|incorrect/i.test(line))
    ?.trim();
}

function failure(what: string, { stdout, stderr }: { stdout: string; stderr: string }): string {
  const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => /err/i.test(line));
  return `${what}: ${lines[0]?.trim() ?? 'no error was printed'}`;
}
