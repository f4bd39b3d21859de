import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import { newFolder } from '../support/folders.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { run } from '../support/lanes/command.ts';
import { BUN_LANE } from '../support/lanes/lanes.ts';
import { laneDirectory, programsDirectory } from '../support/lanes/paths.ts';
import { listen } from '../support/listening.ts';

const BUN = join(laneDirectory(BUN_LANE.name), 'node_modules', '.bin', 'bun');

/** Asks for everything that is optional: prices, exporters, and the hook of `require`. */
const PROGRAM = `
  import { trace } from '@opentelemetry/api';
  import { TracerProvider } from '@opentelemetry/sdk-trace';
  import OpenAI from 'openai';
  import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
  import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';
  import { viewing } from 'opentelemetry-instrumentation-openai/export';

  const onEnd = (span) => console.log(span.name);
  const nothing = async () => {};
  const processor = { onStart: () => {}, onEnd, forceFlush: nothing, shutdown: nothing };
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor, ...viewing()] }));
  new OpenAIInstrumentation();
  const client = instrumentOpenAI(new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL }));
  await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] });
  await new Promise((done) => setTimeout(done, 200));
`;

const simulator = useSimulator();

test('a bundle without node_modules installs no optional package in Bun', async () => {
  const directory = await newFolder();
  const asked: unknown[] = [];
  const registry = await listen((request, response) => {
    asked.push(request.url);
    response.writeHead(404).end();
  });
  const input = join(programsDirectory(BUN_LANE.name), 'unbundled-for-bun.mjs');
  await writeFile(input, PROGRAM);
  const bundle = await rolldown({ input, platform: 'node', logLevel: 'silent' });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  await bundle.close();
  await writeFile(join(directory, 'bundle.mjs'), output[0].code);
  const { code, stdout, stderr } = await run(BUN, ['bundle.mjs'], {
    cwd: directory,
    env: {
      BASE_URL: simulator().url,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      BUN_CONFIG_REGISTRY: `${registry}/`,
      BUN_INSTALL_CACHE_DIR: join(directory, 'cache'),
    },
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'chat gpt-4o-mini\n' });
  expect(stderr).toContain('is not installed: npm install @opentelemetry/exporter-trace-otlp-proto');
  expect(asked).toEqual([]);
});
