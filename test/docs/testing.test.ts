import { context, trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { expect, onTestFinished, test, vi } from 'vitest';
import { flush, instrumentOpenAI } from '../../src/client.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { startSimulator } from '../support/simulator/simulator.ts';
import { codeBlocksOf } from './documents.ts';

const EXAMPLE = codeBlocksOf('docs/testing.md').find(({ language }) => language === 'js');

// By default, Jest and Vitest end a test after five seconds.
test('the example holds', { timeout: 5_000 }, async () => {
  const steps = [{ tools: [{ codeInterpreter: { input: '1' } }] }, { message: 'x is 1' }];
  const simulator = await startSimulator({ runs: [{ steps }] });
  vi.stubEnv('OPENAI_BASE_URL', simulator.url);
  vi.stubEnv('OPENAI_API_KEY', 'test');
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    trace.disable();
    context.disable();
    await simulator.close();
  });
  const answer = async (client: OpenAI): Promise<void> => {
    const { id } = await client.beta.assistants.create({ model: 'gpt-4o-mini', name: 'Math Tutor' });
    const thread = { messages: [{ role: 'user' as const, content: 'What is x?' }] };
    await client.beta.threads.createAndRunPoll({ assistant_id: id, thread });
  };
  const sdk = { NodeSDK, InMemorySpanExporter, SimpleSpanProcessor };
  const names = { ...sdk, OpenAI, answer, assertSpanTree, flush, instrumentOpenAI };
  const code = EXAMPLE?.code.replaceAll(/^import .*$/gm, '');
  const runExample = new Function(...Object.keys(names), `return (async () => {${code}})();`);
  await runExample(...Object.values(names));
  expect(code).toContain('invoke_agent');
});
