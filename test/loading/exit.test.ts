import { describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { runProgram } from '../support/lanes/program.ts';

/** Says on standard output which spans start and end; nothing shuts it down. */
const SPOKEN_SPANS = `
  const { writeSync } = await import('node:fs');
  const { context, trace } = await import('@opentelemetry/api');
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  const { TracerProvider } = await import('@opentelemetry/sdk-trace');
  const { OpenAIInstrumentation } = await import('opentelemetry-instrumentation-openai');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [{
    onStart: (span) => writeSync(1, 'start ' + span.name + '\\n'),
    onEnd: (span) => writeSync(1, 'end ' + span.name + '\\n'),
    forceFlush: async () => {},
    shutdown: async () => {},
  }] }));
  new OpenAIInstrumentation();
  const { default: OpenAI } = await import('openai');
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
`;

describe.each(['openai-4.104', 'openai-6', 'openai-7'])('%s: a program', (lane) => {
  const simulator = useSimulator();
  const runText = (text: string) =>
    runProgram({ lane, source: { format: 'mjs', text }, env: { BASE_URL: simulator().url } });

  test('exits by itself during a run, and its spans are ended', async () => {
    const { stdout } = await runText(`
      ${SPOKEN_SPANS}
      const assistant = await client.beta.assistants.create({ model: 'gpt-4o', name: 'Tutor' });
      const thread = await client.beta.threads.create();
      await client.beta.threads.runs.create(thread.id, { assistant_id: assistant.id });
    `);
    const lines = stdout.trim().split('\n');
    const names = (word: string): string[] =>
      lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length + 1));
    expect(names('start').sort()).toEqual([
      'POST /threads',
      'create_agent Tutor',
      'invoke_agent Tutor',
      'thread',
    ]);
    expect(names('end').sort()).toEqual(names('start').sort());
  });
});
