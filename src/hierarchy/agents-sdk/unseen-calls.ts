import type { Context } from '@opentelemetry/api';
import { chat, response as createResponse } from '../../operations/index.ts';
import type { AgentsNode } from '../../sdk/agents-sdk/node.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import { matchRoute } from '../../sdk/routes/index.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { ERROR_TYPE_VALUE_OTHER, GEN_AI_PROVIDER_NAME_VALUE_OPENAI } from '../../semconv/values.ts';
import { findEvaluated } from '../../telemetry/evaluations/evaluated-spans.ts';
import type { ApiRequest, Operation } from '../../telemetry/operation.ts';
import type { Failure } from '../../telemetry/outcomes/failure.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { now } from '../../util/clock.ts';
import { arrayField, field, type PayloadObject, stringField } from '../../util/payload.ts';
import { agentAttributes, noteAnswer, noteModelCall } from './node-activity.ts';

/** A call of a model as the library tells it: nothing of it where its sensitive data is off. */
interface ToldCall {
  readonly operation: Operation;
  readonly path: string;
  readonly body: PayloadObject;
  readonly result: unknown;
  readonly provider: string;
}

/** Whether a node of the library is a call of a model. */
export function isCallNode({ type }: AgentsNode): boolean {
  return type === 'response' || type === 'generation';
}

/**
 * Records a call of a model that no client of `openai` made: over the library's own WebSocket, or by the model of another
 * package. The library tells request and answer at its end.
 */
export function recordUnseenCall(
  telemetry: Telemetry,
  node: AgentsNode,
  { parent, startTime, failure }: { parent: Context; startTime: number; failure: Failure | undefined },
): void {
  const told = node.type === 'response' ? readResponseCall(node.data) : readGeneration(node.data);
  if (told === undefined) return;
  const { operation, path, body, result, provider } = told;
  if (isSeen(result, startTime)) return;
  const request: ApiRequest = {
    method: 'POST',
    ...matchRoute('POST', path),
    body,
    streamed: false,
    deployment: undefined,
  };
  const endpoint: Endpoint = { origin: '', provider, address: undefined, port: undefined };
  const place = {
    parent,
    attributes: { ...agentAttributes(node, operation), [ATTR.OPENAI_AGENTS_SPAN_TYPE]: node.type },
  };
  noteModelCall(node, operation);
  const record = new OperationRecord(telemetry, { operation, request, endpoint, place, startTime });
  record.end({ result, failure }, now());
  noteAnswer(node, operation, result, record.spent);
}

/** Whether a client of `openai` has recorded it elsewhere: without a context manager, it cannot tell the workflow. */
function isSeen(result: unknown, startTime: number): boolean {
  const id = stringField(result, 'id');
  const seen = id === undefined ? undefined : findEvaluated('response', id);
  return seen !== undefined && seen.seconds >= Math.trunc(startTime / 1e3);
}

function readResponseCall(data: PayloadObject): ToldCall | undefined {
  const result = data._response;
  const model = stringField(result, 'model');
  if (model === undefined) return undefined;
  return {
    operation: createResponse,
    path: '/responses',
    body: { model, input: data._input, instructions: field(result, 'instructions') },
    result,
    provider: GEN_AI_PROVIDER_NAME_VALUE_OPENAI,
  };
}

function readGeneration(data: PayloadObject): ToldCall | undefined {
  const { model, input, output, usage } = data;
  if (typeof model !== 'string') return undefined;
  const [first] = arrayField(data, 'output');
  const isCompletion = arrayField(first, 'choices').length > 0;
  const messages = Array.isArray(output) ? output : [];
  return {
    operation: chat,
    path: '/chat/completions',
    body: { model, messages: input },
    result: isCompletion ? first : { choices: messages.map((message) => ({ message })), usage },
    provider: stringField(data.model_config, 'provider') ?? ERROR_TYPE_VALUE_OTHER,
  };
}
