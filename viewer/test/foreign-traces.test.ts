import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { otlpDocument } from '../src/otlp-document.ts';
import { type OtlpSpans, readOtlpJson } from '../src/otlp-json.ts';
import { summaryFacts } from '../src/trace-summary.ts';
import { transcriptOf } from '../src/transcript.ts';
import type { ViewedSpan } from '../src/viewed-span.ts';
import { type ViewedTrace, viewedTrace } from '../src/viewed-trace.ts';

async function spansIn(name: string): Promise<OtlpSpans> {
  return readOtlpJson(await readFile(join(import.meta.dirname, 'fixtures', name), 'utf8'));
}

const byId = (a: ViewedSpan, b: ViewedSpan): number => (a.spanId < b.spanId ? -1 : 1);

/** The one trace in a fixture. */
async function traceIn(name: string): Promise<ViewedTrace> {
  const { spans } = await spansIn(name);
  const ids = new Set(spans.map(({ traceId }) => traceId));
  expect(ids.size).toBe(1);
  return viewedTrace([...ids].join(), spans);
}

const drawn = ({ rows }: ViewedTrace): string[] =>
  rows.map(({ depth, span }) => `${'  '.repeat(depth - 1)}${span.name}`);

const factsIn = ({ summary }: ViewedTrace): unknown =>
  Object.fromEntries(summaryFacts(summary).filter(([label, text]) => text && label !== 'Duration'));

const chatIn = ({ rows }: ViewedTrace): string[] =>
  transcriptOf(rows).map((entry) => {
    if (entry.kind === 'heading') return entry.row.span.name;
    if (entry.kind === 'tool') return `${entry.name}(${JSON.stringify(entry.input)}) = ${entry.output}`;
    return `${entry.role}: ${entry.parts.map(({ content }) => content).join()}`;
  });

test('of a Python service that calls ours, the trace is one tree with one conversation', async () => {
  const trace = await traceIn('python-service.jsonl');
  expect(drawn(trace)).toEqual([
    'plan trip',
    '  chat gpt-4o-mini',
    '  GET',
    '    GET /summaries/:place',
    '      request handler',
    '        chat gpt-4o-mini',
    '          POST',
    '  chat gpt-4o-mini',
  ]);
  expect(chatIn(trace)).toEqual([
    'system: You plan trips.',
    'user: When do I get to Hamburg?',
    'assistant: ',
    'look_up_trains({"to":"Hamburg"}) = {"summary": "Take the train at 9:04."}',
    'user: How do I get to Hamburg?',
    'assistant: Take the train at 9:04.',
    'assistant: The 9:04 gets you there by noon.',
  ]);
  expect(factsIn(trace)).toEqual({
    Model: 'gpt-4o-mini-2024-07-18',
    Service: 'trips',
    Tokens: '195 → 31 tokens',
    'Model calls': '3',
  });
  expect(trace.summary).toMatchObject({
    prompt: 'When do I get to Hamburg?',
    answer: 'The 9:04 gets you there by noon.',
    outcome: 'ok',
    errors: [],
  });
});

test('with Express and undici around our call, it is in the request and around the POST', async () => {
  const trace = await traceIn('express-undici.jsonl');
  expect(drawn(trace)).toEqual([
    'GET /summaries/:place',
    '  request handler',
    '    chat gpt-4o-mini',
    '      POST',
  ]);
  expect(chatIn(trace)).toEqual(['user: How do I get to Hamburg?', 'assistant: Take the train at 9:04.']);
  expect(factsIn(trace)).toEqual({
    Model: 'gpt-4o-mini-2024-07-18',
    Service: 'summaries',
    Tokens: '40 → 8 tokens',
    'Model calls': '1',
  });
});

test.each(['python-service.jsonl', 'express-undici.jsonl'])(
  '%s saved as OTLP JSON is read as the same spans',
  async (name) => {
    const { spans } = await spansIn(name);
    expect(readOtlpJson(otlpDocument(spans)).spans.toSorted(byId)).toEqual(spans.toSorted(byId));
  },
);
