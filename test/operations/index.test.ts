import { describe, expect, test } from 'vitest';
import { chat } from '../../src/operations/chat.ts';
import { createAgent } from '../../src/operations/create-agent.ts';
import { embeddings } from '../../src/operations/embeddings.ts';
import { fetchResponse } from '../../src/operations/fetch-response.ts';
import { operationNameOf, operationOf } from '../../src/operations/index.ts';
import { startInvocation, submitSessionEvents } from '../../src/operations/invoke-agent.ts';
import {
  compaction,
  decision,
  image,
  moderation,
  speech,
  transcription,
} from '../../src/operations/model-requests.ts';
import { request } from '../../src/operations/request.ts';
import { response } from '../../src/operations/response.ts';
import { retrieval } from '../../src/operations/retrieval.ts';
import { textCompletion } from '../../src/operations/text-completion.ts';
import { matchRoute } from '../../src/sdk/routes/index.ts';
import type { Operation } from '../../src/telemetry/operation.ts';
import extracted from '../fixtures/openai-routes.json' with { type: 'json' };

const ENDPOINTS: readonly (readonly [method: string, path: string, operation: Operation])[] = [
  ['POST', '/chat/completions', chat],
  ['POST', '/completions', textCompletion],
  ['POST', '/embeddings', embeddings],
  ['POST', '/vector_stores/vs_1/search', retrieval],
  ['POST', '/responses', response],
  ['POST', '/responses?beta=true', response],
  ['GET', '/responses/resp_1', fetchResponse],
  ['GET', '/responses/resp_1?beta=true', fetchResponse],
  ['POST', '/assistants', createAgent],
  ['POST', '/agents', createAgent],
  ['POST', '/threads/thread_1/runs', startInvocation],
  ['POST', '/threads/runs', startInvocation],
  ['POST', '/agents/sessions', startInvocation],
  ['POST', '/agents/sessions/sess_1/events', submitSessionEvents],
  ['GET', '/chat/completions', request],
  ['GET', '/assistants', request],
  ['POST', '/threads', request],
  ['GET', '/threads/thread_1/runs', request],
  ['GET', '/agents/sessions', request],
  ['POST', '/responses/compact', compaction],
  ['POST', '/decisions', decision],
  ['POST', '/images/generations', image],
  ['POST', '/images/edits', image],
  ['POST', '/images/variations', image],
  ['POST', '/audio/speech', speech],
  ['POST', '/audio/transcriptions', transcription],
  ['POST', '/audio/translations', transcription],
  ['POST', '/moderations', moderation],
  ['POST', '/responses/input_tokens', request],
  ['POST', '/brand/new', request],
];

describe('an operation', () => {
  test.each(ENDPOINTS)('handles the requests to its endpoints: %s %s', (method, path, operation) => {
    expect(operationOf(matchRoute(method, path).route)).toBe(operation);
  });

  test.each([
    '/threads/thread_1/runs',
    '/threads/runs',
    '/agents/sessions',
    '/agents/sessions/sess_1/events',
  ])('that starts a run or turn is invoke_agent for hooks: POST %s', (path) => {
    expect(operationNameOf(matchRoute('POST', path).route)).toBe('invoke_agent');
  });

  test('declares endpoints that openai calls', () => {
    const known = new Set(extracted.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`));
    const declared = ENDPOINTS.flatMap(([, , { endpoints }]) => endpoints);
    expect(declared.length).toBeGreaterThan(15);
    expect(declared.filter((endpoint) => !known.has(endpoint))).toEqual([]);
  });
});
