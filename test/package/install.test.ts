import { glob, writeFile } from 'node:fs/promises';
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

const TYPED_PROGRAM = `
  import { NodeSDK } from '@opentelemetry/sdk-node';
  import { OpenAIInstrumentation, type OpenAIInstrumentationConfig } from 'opentelemetry-instrumentation-openai';
  import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';
  import { CircuitBreakerExporter } from 'opentelemetry-instrumentation-openai/export';
  import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
  import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
  import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
  import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
  import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
  import type { SpanExporter } from '@opentelemetry/sdk-trace';
  import OpenAI from 'openai';

  const config: OpenAIInstrumentationConfig = { captureMessageContent: 'SPAN_ONLY' };
  export const sdk = new NodeSDK({ instrumentations: [new OpenAIInstrumentation(), new OpenAIInstrumentation(config)] });
  export const client: OpenAI = instrumentOpenAI(new OpenAI());
  export const Class: typeof OpenAI = instrumentOpenAI(OpenAI, config);
  export const spans: SpanExporter = new CircuitBreakerExporter(new OTLPTraceExporter());
  export const records: LogRecordExporter = new CircuitBreakerExporter(new OTLPLogExporter());
  export const reader = new PeriodicExportingMetricReader({ exporter: new CircuitBreakerExporter(new OTLPMetricExporter()) });
  // @ts-expect-error There is no such value.
  export const wrong: OpenAIInstrumentationConfig = { captureMessageContent: 'SOMETIMES' };
`;
/** Without anybody's types but those of the language: ours must need no others. */
const LEAN_PROGRAM = `
  import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
  import { assertSpanTree } from 'opentelemetry-instrumentation-openai/testing';
  import { ConsoleTreeExporter } from 'opentelemetry-instrumentation-openai/export';
  export const values = [new OpenAIInstrumentation(), assertSpanTree, new ConsoleTreeExporter()];
`;

const RESOLUTIONS = [
  { module: 'node16', moduleResolution: 'node16' },
  { module: 'esnext', moduleResolution: 'bundler' },
];

describe.each(['clean-sdk-3-node', 'clean-sdk-2-node'])('%s: TypeScript', (lane) => {
  const directory = laneDirectory(lane);

  test.each(RESOLUTIONS)('$moduleResolution accepts a program with NodeSDK', async (resolution) => {
    await check('typed', TYPED_PROGRAM, { ...resolution, skipLibCheck: true, lib: ['es2023', 'dom'] });
  });

  test.each(RESOLUTIONS)("$moduleResolution needs no types except ours and the API's", async (resolution) => {
    await check('lean', LEAN_PROGRAM, { ...resolution, skipLibCheck: false, lib: ['es2023', 'dom'] });
  });

  async function check(name: string, text: string, options: object): Promise<void> {
    const file = `${name}-${Object.values(options)[0]}`;
    for (const extension of ['mts', 'cts']) await writeFile(join(directory, `${file}.${extension}`), text);
    const config = {
      compilerOptions: {
        target: 'es2022',
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        types: [],
        ...options,
      },
      files: [`${file}.mts`, `${file}.cts`],
    };
    await writeFile(join(directory, `${file}.json`), JSON.stringify(config));
    await mustRun(join(directory, 'node_modules', '.bin', 'tsc'), ['--project', `${file}.json`], {
      cwd: directory,
    });
  }
});
