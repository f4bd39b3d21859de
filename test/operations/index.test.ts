import { describe, expect, test } from 'vitest';
import { chat } from '../../src/operations/chat.ts';
import { compaction } from '../../src/operations/compaction.ts';
import { createAgent } from '../../src/operations/create-agent.ts';
import { decision } from '../../src/operations/decision.ts';
import { embeddings } from '../../src/operations/embeddings.ts';
import { fetchResponse } from '../../src/operations/fetch-response.ts';
import { image } from '../../src/operations/image.ts';
import { operationNameOf, operationOf } from '../../src/operations/index.ts';
import {
  createRun,
  createSession,
  createThreadAndRun,
  submitSessionEvents,
} from '../../src/operations/invoke-agent.ts';
import { moderation } from '../../src/operations/moderation.ts';
import { request } from '../../src/operations/request.ts';
import { response } from '../../src/operations/response.ts';
import { retrieval } from '../../src/operations/retrieval.ts';
import { speech } from '../../src/operations/speech.ts';
import { textCompletion } from '../../src/operations/text-completion.ts';
import { transcription } from '../../src/operations/transcription.ts';
import { matchRoute } from '../../src/sdk/routes/index.ts';
import { ROUTE_TABLE } from '../../src/sdk/routes/table.ts';
import type { Operation } from '../../src/telemetry/operation.ts';

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
  ['POST', '/threads/thread_1/runs', createRun],
  ['POST', '/threads/runs', createThreadAndRun],
  ['POST', '/agents/sessions', createSession],
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

  test('declares endpoints of the route table', () => {
    const known = new Set(
      ROUTE_TABLE.flatMap(([template, methods]) =>
        methods.split(' ').map((method) => `${method} ${template}`),
      ),
    );
    const declared = ENDPOINTS.flatMap(([, , { endpoints }]) => endpoints);
    expect(declared.length).toBeGreaterThan(15);
    expect(declared.filter((endpoint) => !known.has(endpoint))).toEqual([]);
  });
});
