import { prepareBare } from './bare.ts';
import { OURS, prepareOurs } from './ours.ts';
import { PEERS } from './peers.ts';
import { prepareSameByHand } from './same-by-hand.ts';
import { prepareThreads } from './threads-by-hand.ts';
import type { Variant } from './variant.ts';

export type { Variant } from './variant.ts';
export { OURS, PEERS };

const UNOBSERVED: Variant['prepare'] = () => undefined;

/** The variant that all others are compared with: OpenTelemetry is set up, but nothing observes `openai`. */
export const NONE: Variant = { name: 'none', content: 'never', prepare: UNOBSERVED };

/** The same again. It shows how much two equal variants differ in this run. */
export const CONTROL: Variant = { ...NONE, name: 'none, again' };

export const BARE: Variant = {
  name: 'bare',
  content: 'never',
  prepare: ({ telemetry }) => prepareBare(telemetry),
};

/** The number of messages that the cases with content record per request. The limits allow 8 of the large one. */
const MESSAGES: Readonly<Record<string, number>> = {
  'chat-content': Number.POSITIVE_INFINITY,
  'chat-large-content': 8,
  'chat-large-unlimited': Number.POSITIVE_INFINITY,
  'stream-content': Number.POSITIVE_INFINITY,
};

/** Measures what OpenTelemetry's SDK alone takes to record the same as this package. */
export const SAME_BY_HAND: Variant = {
  name: 'the same by hand',
  prepare: ({ telemetry, measured: { name } }) =>
    name === 'assistants' ? prepareThreads(telemetry) : prepareSameByHand(telemetry, MESSAGES[name] ?? 0),
};

export const THIS: Variant = { name: OURS, prepare: prepareOurs };

/** For the comparison with packages that record no metrics. */
export const UNMETERED: Variant = { ...THIS, name: `${OURS}, without a meter`, metered: false };

export const OWN_VARIANTS: readonly Variant[] = [NONE, CONTROL, BARE, SAME_BY_HAND, THIS];

export const VARIANTS: readonly Variant[] = [...OWN_VARIANTS, UNMETERED, ...PEERS];
