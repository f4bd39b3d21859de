import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { OpenSpan, Placement } from '../hierarchy/api.ts';
import type { CallObservation } from '../sdk/call.ts';

const NO_SPAN: OpenSpan = { context: ROOT_CONTEXT, link: () => undefined, finish: () => undefined };

/** A call without a span still reports its outcome to the hierarchy. */
export function unrecorded({ parent, chunk, settled }: Placement): CallObservation {
  return {
    context: parent,
    ...(chunk === undefined ? {} : { chunk }),
    settle: (call) => void settled?.(call, call.value, NO_SPAN),
  };
}
