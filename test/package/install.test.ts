import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { mustRun } from '../support/lanes/command.ts';
import { CLEAN_LANES } from '../support/lanes/lanes.ts';
import { laneDirectory, PACKAGE_NAME } from '../support/lanes/paths.ts';
import { runProgram } from '../support/lanes/program.ts';

const ASK = `
  const { OpenAI } = await import('openai');
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
  await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
`;
const NODE_SDK = `
  import { NodeSDK } from '@opentelemetry/sdk-node';
  import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
  const sdk = new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] });
  sdk.start();
  ${ASK}
  await sdk.shutdown();
`;
/** What a user writes who has read the first page of the documentation. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'clean-sdk-3-node': NODE_SDK,
  'clean-sdk-2-node': NODE_SDK,
  'clean-sdk-3-bare': `
    import { trace } from '@opentelemetry/api';
    import { ConsoleSpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
    import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
    const exporter = new ConsoleSpanExporter();
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
    new OpenAIInstrumentation();
    ${ASK}
  `,
  'clean-sdk-2-bare': `
    import { ConsoleSpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
    import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
    new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())] }).register();
    new OpenAIInstrumentation();
    ${ASK}
  `,
};

describe.each(CLEAN_LANES)('$name: after a plain npm install', ({ name }) => {
  const simulator = useSimulator();
  const directory = laneDirectory(name);

  test('a first program shows its call', async () => {
    const { stdout } = await runProgram({
      lane: name,
      source: { format: 'mjs', text: PROGRAMS[name] ?? '' },
      env: {
        BASE_URL: simulator().url,
        OTEL_TRACES_EXPORTER: 'console',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
      },
    });
    expect(stdout.match(/name: 'chat gpt-4o'/g)).toHaveLength(1);
  });

  test('npm finds every dependency and peer dependency, in a valid version', async () => {
    const listed = await mustRun('npm', ['ls', '--all'], { cwd: directory });
    expect(listed).toContain(`${PACKAGE_NAME}@`);
  });

  test('there is one copy of the OpenTelemetry API', async () => {
    const copies = await Array.fromAsync(
      glob('**/node_modules/@opentelemetry/api/package.json', { cwd: directory }),
    );
    expect(copies).toEqual([join('node_modules', '@opentelemetry', 'api', 'package.json')]);
  });
});
