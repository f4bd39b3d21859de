import { type Totals, totalAttributes } from '../telemetry/cost/usage.ts';
import type { OperationKind } from '../telemetry/operation.ts';
import { type Place, placeAttributes } from '../telemetry/place-attributes.ts';

/** One segment of a thread, conversation or session. The span's name is the kind, such as `thread`. */
export const conversation: OperationKind<Place, Totals> = {
  kind: 'internal',
  scope: 'unmeasured',
  isLasting: true,
  spanName: ({ kind }) => kind,
  requestAttributes: placeAttributes,
  resultAttributes: totalAttributes,
};
