import type { Context } from '@opentelemetry/api';
import type { Endpoint } from '../sdk/provider.ts';
import type { ConversationKind } from './model.ts';

/** A use of a conversation: by whom, and where. */
export interface Use {
  readonly kind: ConversationKind;
  /** `undefined` while the request that creates it is under way. */
  readonly id: string | undefined;
  readonly context: Context;
  readonly endpoint: Endpoint;
  readonly startTime: number;
}
