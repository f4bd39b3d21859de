import type { Context } from '@opentelemetry/api';
import type { Endpoint } from '../sdk/provider.ts';
import type { ConversationKind } from './model.ts';

/** One use of a conversation. */
export interface Use {
  readonly kind: ConversationKind;
  /** `undefined` during the request that creates it. */
  readonly id: string | undefined;
  readonly context: Context;
  readonly endpoint: Endpoint;
  readonly startTime: number;
}
