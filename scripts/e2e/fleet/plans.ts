import type { Plan, Work } from './process.ts';

const CHAT: Work = {
  operation: 'chat',
  model: 'gpt-4o-mini',
  seconds: 0.5,
  input: 100,
  output: 20,
  cost: 0.001,
};
const STREAM: Work = {
  ...CHAT,
  model: 'gpt-5',
  seconds: 9,
  firstChunk: 8,
  input: 300,
  output: 50,
  cost: 0.25,
};
const FAILED: Work = { operation: 'chat', model: 'gpt-4o-mini', seconds: 0.1, error: '429' };
const EMBEDDING: Work = { operation: 'embeddings', model: 'text-embedding-3-small', seconds: 0.2, input: 40 };

/** A server starts before the range of every query; its first and last minute are counted back from the end. */
const server = { minutes: [89, 0], environment: 'production' } as const;
/** A program that runs for one minute and exports once. */
const job = {
  service: 'job',
  environment: 'production',
  conventions: 'current',
  work: [CHAT, CHAT],
} as const;

/** Servers and jobs, under the old names of metrics, the new ones and both. */
export const FLEET: readonly Plan[] = [
  {
    ...server,
    service: 'shop',
    conventions: 'current',
    work: [CHAT, CHAT, { ...CHAT, prompt: 'greeting' }, FAILED],
    tool: ['get_price', 0.3],
    rateLimit: [50, 1_000],
  },
  { ...server, service: 'writer', conventions: 'next', work: [STREAM, EMBEDDING], rateLimit: [900, 1_000] },
  {
    ...server,
    service: 'shop',
    environment: 'staging',
    conventions: 'both',
    work: [CHAT, { ...STREAM, firstChunk: 0.3, cost: 0.002 }],
  },
  { ...job, minutes: [72, 72] },
  { ...job, minutes: [40, 40] },
  { ...job, minutes: [25, 25] },
];
