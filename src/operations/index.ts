import type { Route } from '../sdk/routes/index.ts';
import type { Operation } from '../telemetry/operation.ts';
import { speech, transcription } from './audio.ts';
import { chat } from './chat.ts';
import { createAgent } from './create-agent.ts';
import { embeddings } from './embeddings.ts';
import { fetchResponse } from './fetch-response.ts';
import { image } from './images.ts';
import { startInvocation, submitSessionEvents } from './invoke-agent.ts';
import { batch, compaction, decision, moderation, video } from './model-requests.ts';
import { request } from './request.ts';
import { response } from './response.ts';
import { retrieval } from './retrieval.ts';
import { textCompletion } from './text-completion.ts';

export type { Accumulator, ApiRequest, Operation, RequestedToolCall } from '../telemetry/operation.ts';
export { chat, response };

/** All operations except chat. The built package loads them at the first call that is not a chat. */
function otherOperations(): readonly Operation[] {
  return [
    batch,
    compaction,
    createAgent,
    decision,
    embeddings,
    fetchResponse,
    image,
    moderation,
    response,
    retrieval,
    speech,
    startInvocation,
    submitSessionEvents,
    textCompletion,
    transcription,
    video,
  ];
}

let others: ReadonlyMap<string, Operation> | undefined;

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

/** The `gen_ai.operation.name` of a route, even if its request has no span of its own. */
export function operationNameOf(route: Pick<Route, 'endpoint'>): string | undefined {
  const { name, traits } = operationOf(route);
  return traits?.invokesAgent === true ? 'invoke_agent' : name;
}
