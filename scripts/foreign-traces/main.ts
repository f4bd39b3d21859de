/**
 * Records traces that other instrumentations make, for the tests of the viewer (viewer/test/fixtures/):
 *
 * - `python-service.jsonl`: OpenTelemetry's Python instrumentation of `openai`, in a service that calls one of ours
 * - `express-undici.jsonl`: that service alone, with the instrumentations of HTTP, Express and undici
 *
 * Installs their packages in a temporary folder, so it needs pip and npm. Both services use a simulated API.
 *
 *     npm run foreign-traces
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from '../../test/support/lanes/command.ts';
import { packPackage } from '../../test/support/lanes/tarball.ts';
import { type Answer, startSimulator } from '../../test/support/simulator/index.ts';
import { startLivePage } from '../screenshots/live.ts';

const FIXTURES = join(import.meta.dirname, '../../viewer/test/fixtures');
const PYTHON_PACKAGES = [
  'opentelemetry-instrumentation-genai-openai==1.3b0',
  'opentelemetry-instrumentation-requests==0.66b2',
  'opentelemetry-exporter-otlp-proto-http==1.45.2',
  'openai==3.57.0',
];
const NODE_PACKAGES = [
  '@opentelemetry/api@1.10.0',
  '@opentelemetry/sdk-node',
  '@opentelemetry/exporter-trace-otlp-proto',
  '@opentelemetry/instrumentation-express',
  '@opentelemetry/instrumentation-http',
  '@opentelemetry/instrumentation-undici',
  'express@5',
  'openai@7.57.0',
];
/** The resource attributes that a fixture keeps. Others describe the machine. */
const KEPT_RESOURCE = /^(?:service\.name|telemetry\.sdk\.\w+)$/;

const usage = (input: number, output: number): object => ({
  usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
});
const completion = (message: object, finish_reason: string, tokens: object): Answer => ({
  body: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [{ index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason }],
    ...tokens,
  },
});
const lookUp = { name: 'look_up_trains', arguments: '{"to":"Hamburg"}' };
const toolCall = { tool_calls: [{ id: 'call_1', type: 'function', function: lookUp }] };
const SUMMARY = completion({ content: 'Take the train at 9:04.' }, 'stop', usage(40, 8));

const folder = await mkdtemp(join(tmpdir(), 'foreign-traces-'));
try {
  await cp(import.meta.dirname, folder, { recursive: true });
  await install();
  await record(
    'python-service.jsonl',
    [
      completion(toolCall, 'tool_calls', usage(60, 12)),
      SUMMARY,
      completion({ content: 'The 9:04 gets you there by noon.' }, 'stop', usage(95, 11)),
    ],
    runPython,
  );
  await record('express-undici.jsonl', [SUMMARY], askOnce);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function install(): Promise<void> {
  const { path } = await packPackage();
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  await mustRun('npm', ['install', '--no-audit', '--no-fund', path, ...NODE_PACKAGES], { cwd: folder });
  await mustRun('python3', ['-m', 'venv', 'python'], { cwd: folder });
  await mustRun(join(folder, 'python/bin/pip'), ['install', '--quiet', ...PYTHON_PACKAGES], { cwd: folder });
}

/** Records the trace of a request to the Node service, and of what asks for it. */
async function record(
  name: string,
  answers: readonly Answer[],
  ask: (service: string, env: NodeJS.ProcessEnv) => Promise<unknown>,
): Promise<void> {
  const kept = join(folder, name);
  const [simulator, live] = await Promise.all([startSimulator(), startLivePage(0, '--keep', kept)]);
  for (const answer of answers) simulator.next(answer);
  const env = {
    ...process.env,
    OPENAI_API_KEY: 'simulated',
    OPENAI_BASE_URL: simulator.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: new URL(live.address).origin,
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'SPAN_ONLY',
    OTEL_SEMCONV_STABILITY_OPT_IN: 'gen_ai_latest_experimental,http',
  };
  const service = spawn(process.execPath, ['--import', './telemetry.mjs', 'service.mjs'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await ask(await addressOf(service), env);
    const ended = once(service, 'close');
    service.kill('SIGTERM');
    await ended;
    await writeFile(join(FIXTURES, name), withoutMachine(await readFile(kept, 'utf8')));
  } finally {
    service.kill('SIGKILL');
    live.close();
    await simulator.close();
  }
}

async function addressOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('The service has no output');
  const [said] = (await once(stdout, 'data')) as [Buffer];
  return String(said).trim();
}

function runPython(service: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  return mustRun(join(folder, 'python/bin/python'), ['service.py'], {
    cwd: folder,
    env: { ...env, SUMMARY_URL: service },
  });
}

async function askOnce(service: string): Promise<unknown> {
  const answer = await fetch(service);
  return answer.text();
}

/** The lines of a file of kept traces, without what describes this machine. */
function withoutMachine(lines: string): string {
  const shown = lines
    .trim()
    .split('\n')
    .map((line) => {
      const { resourceSpans = [] } = JSON.parse(line);
      for (const { resource } of resourceSpans)
        resource.attributes = resource.attributes.filter(({ key }: { key: string }) =>
          KEPT_RESOURCE.test(key),
        );
      return `${JSON.stringify({ resourceSpans })}\n`;
    });
  return shown.join('');
}
