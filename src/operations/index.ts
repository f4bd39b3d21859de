import type { OperationKey } from '../client/routes.ts';
import { chat } from './chat.ts';
import { createAgent } from './create-agent.ts';
import type { Operation } from './operation.ts';
import { request } from './request.ts';

export type { Accumulator, ApiRequest, Operation } from './operation.ts';

/** Which file reads which kind of call. What has no row here is read as a plain request. */
const OPERATIONS: Partial<Record<OperationKey, Operation>> = {
  chat,
  create_agent: createAgent,
};

export function operationOf(key: OperationKey): Operation {
  return OPERATIONS[key] ?? request;
}
