import { type Totals, totalAttributes } from '../telemetry/cost/usage.ts';
import type { OperationKind } from '../telemetry/operation.ts';
import { type Place, placeAttributes } from '../telemetry/place-attributes.ts';

export const conversation: OperationKind<Place, Totals> = {
  kind: 'internal',
  scope: 'unmeasured',
  isLasting: true,
  subject: ({ kind }) => kind,
  requestAttributes: placeAttributes,
  resultAttributes: totalAttributes,
};
