import { prepareBare } from './bare.ts';
import { OURS, prepareOurs } from './ours.ts';
import { PEERS } from './peers.ts';
import { prepareSameByHand } from './same-by-hand.ts';
import { prepareThreads } from './threads-by-hand.ts';
import type { Variant } from './variant.ts';

export type { Variant } from './variant.ts';
export { OURS, PEERS };

const UNOBSERVED: Variant['prepare'] = () => undefined;

/** What all others are compared with: OpenTelemetry is set up, and nobody observes `openai`. */
export const NONE: Variant = { name: 'none', content: 'never', prepare: UNOBSERVED };

/** The same again: how far two equal things are apart in this run. */
export const CONTROL: Variant = { ...NONE, name: 'none, again' };

export const BARE: Variant = {
  name: 'bare',
  content: 'never',
  prepare: ({ telemetry }) => prepareBare(telemetry),
};

/** How many messages of a request are recorded, where content is: of the large one as many as the limits allow. */
const MESSAGES: Readonly<Record<string, number>> = {
  'chat-content': Number.POSITIVE_INFINITY,
  'chat-large-content': 8,
  'chat-large-unlimited': Number.POSITIVE_INFINITY,
  'stream-content': Number.POSITIVE_INFINITY,
};

/** What the SDK takes for what this package records. */
export const SAME_BY_HAND: Variant = {
  name: 'the same by hand',
  prepare: ({ telemetry, measured: { name } }) =>
    name === 'assistants' ? prepareThreads(telemetry) : prepareSameByHand(telemetry, MESSAGES[name] ?? 0),
};

export const THIS: Variant = { name: OURS, prepare: prepareOurs };

/** What compares with packages that record no metrics. */
export const UNMETERED: Variant = { ...THIS, name: `${OURS}, without a meter`, metered: false };

export const OWN_VARIANTS: readonly Variant[] = [NONE, CONTROL, BARE, SAME_BY_HAND, THIS];

export const VARIANTS: readonly Variant[] = [...OWN_VARIANTS, UNMETERED, ...PEERS];
