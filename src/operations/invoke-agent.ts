import type { Operation } from '../telemetry/operation.ts';
import { request } from './request.ts';

/*
 * The requests that start a run or a turn. The hierarchy creates the `invoke_agent` span and folds the request into it;
 * if another process records the invocation, the request has its own span like any other.
 */

/**
 * `POST /threads/{thread_id}/runs`: starts a run on a thread.
 *
 * @see https://platform.openai.com/docs/api-reference/runs/createRun
 */
export const createRun: Operation = {
  ...request,
  endpoints: ['POST /threads/{thread_id}/runs'],
  traits: { createsMetadata: true, invokesAgent: true },
};

/**
 * `POST /threads/runs`: creates a thread and starts a run on it.
 *
 * @see https://platform.openai.com/docs/api-reference/runs/createThreadAndRun
 */
export const createThreadAndRun: Operation = {
  ...request,
  endpoints: ['POST /threads/runs'],
  traits: { createsMetadata: true, invokesAgent: true },
};

/** `POST /agents/sessions`: creates a session, usually with the input of its first turn. */
export const createSession: Operation = {
  ...request,
  endpoints: ['POST /agents/sessions'],
  traits: { createsMetadata: true, invokesAgent: true },
};

/** `POST /agents/sessions/{session_id}/events`: submits input, which starts or continues a turn. */
export const submitSessionEvents: Operation = {
  ...request,
  endpoints: ['POST /agents/sessions/{session_id}/events'],
  traits: { invokesAgent: true },
};
