import type { Context } from '@opentelemetry/api';
import type { Endpoint } from '../sdk/provider.ts';
import type { ConversationKind } from './model.ts';

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
