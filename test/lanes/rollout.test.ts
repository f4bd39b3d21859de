import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { type Completed, run } from '../support/lanes/command.ts';
import { startOtlpReceiver } from '../support/lanes/otlp.ts';
import { laneDirectory, programsDirectory, ROOT } from '../support/lanes/paths.ts';

/*
 * Places where operators instrument a program that stands in another folder, as docs/rollout.md says. The folder of the
 * agent is one lane, that of the program another.
 */

const PACKAGE = 'opentelemetry-instrumentation-openai';
const simulator = useSimulator();

interface Placed {
  /** The lane of the program. */
  readonly service: string;
  readonly format: 'cjs' | 'mjs';
  readonly text: string;
  readonly options: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program with `NODE_OPTIONS`; gives what it wrote, and what reached the collector. */
async function runPlaced({ service, format, text, options, env = {} }: Placed) {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  const directory = programsDirectory(service);
  const file = `placed-${crypto.randomUUID()}.${format}`;
  await writeFile(join(directory, file), text);
  const completed: Completed = await run(process.execPath, [file], {
    cwd: directory,
    env: {
      BASE_URL: simulator().url,
      // A path may have spaces.
      NODE_OPTIONS: options.map((each) => (each.includes(' ') ? JSON.stringify(each) : each)).join(' '),
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpUrl,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_NODE_RESOURCE_DETECTORS: 'none',
      OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,openai,aws-lambda',
      ...env,
    },
    timeout: 60_000,
  });
  return { ...completed, spans: receiver.spans };
}

/** The lanes that stand for the folder of an agent, such as `/otel-auto-instrumentation-nodejs`, and what it loads. */
const AGENTS = { 'full-sdk-2': 'build/src/register.js', 'full-sdk-3': 'dist/register.cjs' } as const;
type Agent = keyof typeof AGENTS;

function inAgent(agent: Agent, file: string): string {
  return join(laneDirectory(agent), 'node_modules', file);
}

function agentOptions(agent: Agent): string[] {
  return ['--require', inAgent(agent, `@opentelemetry/auto-instrumentations-node/${AGENTS[agent]}`)];
}

describe('the Kubernetes operator', () => {
  /** Asks itself over HTTP, so that there is a span of the agent's own. */
  const SERVE = `
    const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
    const server = http.createServer(async (_, response) => {
      const messages = [{ role: 'user', content: 'Hi' }];
      const { choices } = await client.chat.completions.parse({ model: 'gpt-4o', messages });
      response.end(choices[0].message.content);
    });
    server.listen(0, '127.0.0.1', async () => {
      console.log(await (await fetch('http://127.0.0.1:' + server.address().port)).text());
      server.close();
      process.kill(process.pid, 'SIGTERM');
    });
  `;
  const TEXTS = {
    cjs: `const http = require('node:http');\nconst { OpenAI } = require('openai');\n${SERVE}`,
    mjs: `import { createRequire } from 'node:module';\nimport OpenAI from 'openai';
      const http = createRequire(import.meta.url)('node:http');\n${SERVE}`,
  };
  const TREE = `
    GET
    └─ chat gpt-4o
  `;

  describe.each(['cjs', 'mjs'] as const)('a service (%s)', (format) => {
    const runService = (service: string, options: readonly string[]) =>
      runPlaced({ service, format, text: TEXTS[format], options });

    test('with this package among its own has a call below the agent’s span', async () => {
      const own = ['--import', `${PACKAGE}/register`];
      const { stdout, spans } = await runService('openai-6-sdk-2', [...own, ...agentOptions('full-sdk-2')]);
      expect(stdout).toBe('This is a simulated answer.\n');
      assertSpanTree(spans, TREE);
    });

    test('without it has the same if the image of the agent has it, whatever API the service loads', async () => {
      const fromImage = ['--require', inAgent('full-sdk-2', `${PACKAGE}/dist/register.cjs`)];
      const { spans } = await runService('openai-7', [...agentOptions('full-sdk-2'), ...fromImage]);
      assertSpanTree(spans, TREE);
    });

    test('with a newer API than the agent prints that', async () => {
      const own = ['--import', `${PACKAGE}/register`];
      const { stdout, stderr, spans } = await runService('openai-7', [...own, ...agentOptions('full-sdk-2')]);
      expect(stdout).toBe('This is a simulated answer.\n');
      expect(stderr).toContain(`registered with @opentelemetry/api 1.9.1`);
      expect(spans.map(({ name }) => name)).toEqual(['GET']);
    });
  });
});

test('an AWS Lambda layer records the calls of a handler, and sends them before the function freezes', async () => {
  const service = 'openai-7';
  const layer = 'full-sdk-3';
  const handler = `
    const { OpenAI } = require('openai');
    const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
    exports.handler = async ({ content }) => {
      const { choices } = await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content }] });
      return choices[0].message.content;
    };
  `;
  const task = programsDirectory(service);
  await cp(join(ROOT, 'examples', 'lambda', 'layer.cjs'), join(laneDirectory(layer), 'layer.cjs'));
  await writeFile(join(task, 'layer-handler.js'), handler);
  // What the runtime does, with a process that is never thawed again.
  const text = `
    const { handler } = require('./layer-handler.js');
    const context = { functionName: 'tutor', awsRequestId: '1', invokedFunctionArn: 'arn:aws:lambda:eu-west-1:1:function:tutor' };
    handler({ content: 'Hi' }, context).then((answer) => {
      require('node:fs').writeSync(1, answer);
      process.kill(process.pid, 'SIGKILL');
    });
  `;
  const { stdout, spans } = await runPlaced({
    service,
    format: 'cjs',
    text,
    options: ['--require', join(laneDirectory(layer), 'layer.cjs')],
    env: { _HANDLER: 'layer-handler.handler', LAMBDA_TASK_ROOT: task, AWS_LAMBDA_FUNCTION_NAME: 'tutor' },
  });
  expect(stdout).toBe('This is a simulated answer.');
  assertSpanTree(
    spans,
    `
    tutor
    └─ chat gpt-4o
    `,
  );
});
