import type { Context, SpanContext } from '@opentelemetry/api';
import type { ApiRequest } from '../../operations/index.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import type { CallerTrace } from '../../telemetry/metadata.ts';
import type { Segment } from '../segment.ts';
import type { ItemTimes } from './items.ts';

export interface KnownResponse {
  /** Of its span. */
  readonly context: SpanContext;
  readonly conversationId: string | undefined;
}

/** A request about a response that was created before. */
export interface Fetched {
  readonly request: ApiRequest;
  readonly endpoint: Endpoint;
  /** The caller's. */
  readonly context: Context;
  readonly known: KnownResponse | undefined;
}

/** What is kept of a request for a response until it has ended. */
export interface FollowedResponse {
  readonly origin: string;
  readonly segment: Segment | undefined;
  /** As the request or the program names it. */
  readonly conversationId: string | undefined;
  readonly times: ItemTimes;
  readonly parent: CallerTrace;
  readonly vectorStoreIds: readonly string[];
  readonly userMessages: number;
  readonly startTime: number;
  readonly content: boolean;
}
