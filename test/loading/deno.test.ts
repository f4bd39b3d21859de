import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../support/lanes/command.ts';
import { RUNTIMES_LANE } from '../support/lanes/lanes.ts';
import { laneDirectory, programsDirectory } from '../support/lanes/paths.ts';

const DENO = join(laneDirectory(RUNTIMES_LANE.name), 'node_modules', '.bin', 'deno');
const CAPTURE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';

/** OpenTelemetry's SDK cannot start without its variables, so the program has a provider of its own. */
const PROGRAM = `
  import { diag, trace } from '@opentelemetry/api';
  import OpenAI from 'openai';
  import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
  import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';

  diag.setLogger({ warn: console.error, error: console.error, info() {}, debug() {}, verbose() {} });
  const attributes = {};
  const span = {
    spanContext: () => ({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 }),
    isRecording: () => true,
    setAttribute: (name, value) => Object.assign(attributes, { [name]: value }),
    setAttributes: (set) => Object.assign(attributes, set),
    setStatus() {},
    addEvent() {},
    end() { console.log(attributes['gen_ai.operation.name'], 'gen_ai.input.messages' in attributes); },
  };
  const startSpan = (_, options) => (Object.assign(attributes, options.attributes), span);
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) });

  new OpenAIInstrumentation({});
  const answer = { id: 'chatcmpl-1', model: 'gpt-4o', choices: [] };
  const client = instrumentOpenAI(new OpenAI({ apiKey: 'test', fetch: async () => Response.json(answer) }));
  await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
`;

async function runInDeno(...variables: string[]) {
  const folder = programsDirectory(RUNTIMES_LANE.name);
  await writeFile(join(folder, 'in-deno.mjs'), PROGRAM);
  const allowed = ['OPENAI_*', ...variables].join();
  const flags = ['--node-modules-dir=manual', '--no-lock', '--no-prompt', '--allow-read'];
  return run(DENO, ['run', ...flags, `--allow-env=${allowed}`, 'in-deno.mjs'], {
    cwd: folder,
    env: { [CAPTURE]: 'SPAN_ONLY' },
  });
}

test('Deno that tells only the variables of openai records, and the refusal is logged', async () => {
  const { code, stdout, stderr } = await runInDeno();
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: 'chat false\n' });
  expect(stderr.match(/The runtime refuses to tell the variable/g)).toHaveLength(1);
});

test('Deno that tells the variables of the instrumentation uses them', async () => {
  const { code, stdout, stderr } = await runInDeno('OTEL_*');
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: 'chat true\n' });
  expect(stderr).not.toContain('refuses');
});
