import type { OperationKey } from '../sdk/routes/index.ts';
import type { Operation } from '../telemetry/operation.ts';
import { chat } from './chat.ts';
import { compaction } from './compaction.ts';
import { createAgent } from './create-agent.ts';
import { embeddings } from './embeddings.ts';
import { fetchResponse } from './fetch-response.ts';
import { image } from './image.ts';
import { moderation } from './moderation.ts';
import { request } from './request.ts';
import { response } from './response.ts';
import { retrieval } from './retrieval.ts';
import { speech } from './speech.ts';
import { textCompletion } from './text-completion.ts';
import { transcription } from './transcription.ts';

export type { Accumulator, ApiRequest, Operation, RequestedToolCall } from '../telemetry/operation.ts';

/** The operation of each kind of call. A call without a row is a plain request. */
const OPERATIONS: Partial<Record<OperationKey, Operation>> = {
  chat,
  compaction,
  create_agent: createAgent,
  embeddings,
  fetch_response: fetchResponse,
  image,
  moderation,
  response,
  retrieval,
  speech,
  text_completion: textCompletion,
  transcription,
};

export function operationOf(key: OperationKey): Operation {
  return OPERATIONS[key] ?? request;
}
