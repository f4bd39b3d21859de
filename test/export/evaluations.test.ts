import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { context, logs, trace } from '@opentelemetry/api';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { evaluationsOf, withEvaluations } from 'openai-traces-viewer/evaluations.ts';
import type { ViewedSpan } from 'openai-traces-viewer/viewed-span.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Evaluation, instrumentOpenAI, recordEvaluation } from '../../src/client.ts';
import { consoleTree, htmlPage, type ViewProcessor } from '../../src/export.ts';
import { OpenAIInstrumentation } from '../../src/index.ts';
import { newFolder } from '../support/folders.ts';

/** Ids are never used twice: an id that names two answers belongs to neither. */
let asked = 0;

/** A program with a view as its span processor and its log record processor. */
function startViewing(processor: ViewProcessor): {
  ask: () => Promise<string>;
  end: () => Promise<void>;
} {
  const provider = new TracerProvider({ spanProcessors: [processor] });
  const loggerProvider = new LoggerProvider({ processors: [processor] });
  for (const api of [trace, logs, context]) api.disable();
  trace.setGlobalTracerProvider(provider);
  logs.setGlobalLoggerProvider(loggerProvider);
  const instrumentation = new OpenAIInstrumentation({ captureMessageContent: 'EVENT_ONLY', cost: false });
  onTestFinished(() => instrumentation.disable());
  const fetch = async (): Promise<Response> =>
    Response.json({
      id: `chatcmpl-${++asked}`,
      object: 'chat.completion',
      model: 'gpt-4o',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello!' } }],
    });
  const client = instrumentOpenAI(new OpenAI({ apiKey: 'test', fetch }), { cost: false });
  return {
    ask: async () => (await client.chat.completions.create({ model: 'gpt-4o', messages: [] })).id,
    end: async () => {
      await loggerProvider.shutdown();
      await provider.shutdown();
    },
  };
}

const HELPFUL: Omit<Evaluation, 'responseId'> = {
  name: 'helpfulness',
  score: 0.9,
  label: 'pass',
  explanation: 'It greets\nback.',
};

describe('the terminal', () => {
  function start(): ReturnType<typeof startViewing> & { printed: () => string } {
    const writes: string[] = [];
    const stream = { write: (text: string): unknown => writes.push(text) };
    // Without durations.
    const printed = (): string =>
      writes
        .join('')
        .replace(/ +[\d.]+ [mµ]?s/g, '')
        .replace(/[\da-f]{32}/g, 'TRACE');
    return { ...startViewing(consoleTree({ stream, color: false })), printed };
  }

  it('shows an evaluation on the span that it is about', async () => {
    const { ask, end, printed } = start();
    recordEvaluation({ responseId: await ask(), ...HELPFUL });
    await end();
    expect(printed()).toBe(
      'chat gpt-4o  stop · helpfulness 0.9 (pass)\n   helpfulness: "It greets back."\n\n',
    );
  });

  it('shows a later one on its own', async () => {
    const { ask, end, printed } = start();
    const id = await ask();
    await expect.poll(printed).toContain('chat gpt-4o');
    recordEvaluation({ responseId: id, ...HELPFUL });
    await end();
    expect(printed()).toContain(
      `trace TRACE, continued\ngen_ai.evaluation.result  ${id} · helpfulness 0.9 (pass)\n   helpfulness: "It greets back."\n`,
    );
  });

  it('shows no control characters, none without a span, and no other log records', async () => {
    const { ask, end, printed } = start();
    recordEvaluation({ responseId: await ask(), name: 'thumbs\u0007', label: 'up\u001b[2J' });
    recordEvaluation({ runId: 'run_1', name: 'elsewhere' });
    logs.getLogger('t').emit({ eventName: 'other', attributes: { 'gen_ai.evaluation.name': 'x' } });
    await end();
    expect(printed()).toBe('chat gpt-4o  stop · thumbs␇ (up␛[2J)\n\n');
  });
});

it('the page has evaluations as events of the span that they are about, also if it is written already', async () => {
  const path = join(await newFolder(), 'page.html');
  const shown = (): ViewedSpan | undefined => {
    const [, json = ''] = readFileSync(path, 'utf8').match(/id="data">(.*?)<\/script>/s) ?? [];
    return withEvaluations(JSON.parse(json).spans)[0];
  };
  const processor = htmlPage(path);
  const { ask, end } = startViewing(processor);
  const id = await ask();
  await processor.forceFlush();
  expect(shown()?.events).toEqual([]);
  recordEvaluation({ responseId: id, ...HELPFUL });
  recordEvaluation({ responseId: 'chatcmpl-elsewhere', name: 'elsewhere', score: 1 });
  await end();
  expect(evaluationsOf(shown()?.events)).toEqual([HELPFUL]);
});
