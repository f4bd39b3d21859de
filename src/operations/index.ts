import type { Route } from '../sdk/routes/index.ts';
import type { Operation } from '../telemetry/operation.ts';
import { batch } from './batch.ts';
import { chat } from './chat.ts';
import { compaction } from './compaction.ts';
import { createAgent } from './create-agent.ts';
import { decision } from './decision.ts';
import { embeddings } from './embeddings.ts';
import { fetchResponse } from './fetch-response.ts';
import { image } from './image.ts';
import { createRun, createSession, createThreadAndRun, submitSessionEvents } from './invoke-agent.ts';
import { moderation } from './moderation.ts';
import { request } from './request.ts';
import { response } from './response.ts';
import { retrieval } from './retrieval.ts';
import { speech } from './speech.ts';
import { textCompletion } from './text-completion.ts';
import { transcription } from './transcription.ts';
import { video } from './video.ts';

export type { Accumulator, ApiRequest, Operation, RequestedToolCall } from '../telemetry/operation.ts';
export { chat, createRun, createThreadAndRun, response };

/** All operations but chat. In the built package they are loaded with the first call that is none. */
function otherOperations(): readonly Operation[] {
  return [
    batch,
    compaction,
    createAgent,
    createRun,
    createSession,
    createThreadAndRun,
    decision,
    embeddings,
    fetchResponse,
    image,
    moderation,
    response,
    retrieval,
    speech,
    submitSessionEvents,
    textCompletion,
    transcription,
    video,
  ];
}

let others: ReadonlyMap<string, Operation> | undefined;

/** The operation of a route; a plain request if no operation declares its endpoint. */
export function operationOf({ endpoint }: Pick<Route, 'endpoint'>): Operation {
  if (chat.endpoints.includes(endpoint)) return chat;
  others ??= byEndpoint(otherOperations());
  return others.get(endpoint) ?? request;
}

function byEndpoint(operations: readonly Operation[]): ReadonlyMap<string, Operation> {
  return new Map(
    operations.flatMap((operation) => operation.endpoints.map((endpoint) => [endpoint, operation] as const)),
  );
}

/** `gen_ai.operation.name`, also of requests whose span the hierarchy creates. */
export function operationNameOf(route: Pick<Route, 'endpoint'>): string | undefined {
  const { name, traits } = operationOf(route);
  return traits?.invokesAgent === true ? 'invoke_agent' : name;
}
