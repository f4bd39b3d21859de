import type { Context } from '@opentelemetry/api';
import type { ApiRequest } from '../../operations/index.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import type { Intent } from '../dialect.ts';
import type { ConversationKind } from '../model.ts';

/** One use of a conversation. */
export interface Use {
  readonly kind: ConversationKind;
  /** `undefined` during the request that creates it. */
  readonly id: string | undefined;
  readonly context: Context;
  /** `undefined` for a function of the program. */
  readonly endpoint: Endpoint | undefined;
  /** The API of a call in a conversation that the program named, or of a Conversation. */
  readonly apiType?: string | undefined;
  readonly startTime: number;
}

/** The path templates of an API's conversations. */
export interface ConversationPaths {
  /** Others are about no conversation. */
  readonly all: string;
  readonly one: string;
  /** A POST there creates one. */
  readonly creating: readonly string[];
}

/** @param starts whether the request asks for an invocation, which changes the conversation */
export function conversationUse(
  { route, method }: ApiRequest,
  { all, one, creating }: ConversationPaths,
  starts: boolean,
): Intent['conversation'] {
  const { template, folds } = route;
  if (!template.startsWith(all)) return 'none';
  if (method === 'POST' && creating.includes(template)) return 'creates';
  if (template === all) return 'none';
  if (method === 'DELETE' && template === one) return 'deletes';
  return method === 'GET' || (folds !== undefined && !starts) ? 'reads' : 'changes';
}
