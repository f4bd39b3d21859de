import { prepareBare } from './bare.ts';
import { prepareFacts } from './facts.ts';
import { OURS, prepareOurs } from './ours.ts';
import { PEERS } from './peers.ts';
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

/** What the SDK takes for what this package records; of content and of threads nobody writes it down by hand. */
export const FACTS: Variant = {
  name: 'the same by hand',
  content: 'never',
  cases: [
    'chat',
    'chat-unmetered',
    'chat-unsampled',
    'chat-large',
    'stream',
    'stream-unmetered',
    'embeddings',
    'response',
  ],
  prepare: ({ telemetry }) => prepareFacts(telemetry),
};

export const THIS: Variant = { name: OURS, prepare: prepareOurs };

export const OWN_VARIANTS: readonly Variant[] = [NONE, CONTROL, BARE, FACTS, THIS];

export const VARIANTS: readonly Variant[] = [...OWN_VARIANTS, ...PEERS];
