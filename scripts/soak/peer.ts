/**
 * The peer of the soaked program: the simulated API and a receiver of spans, both of which sometimes fail. It is a
 * separate process, so that its memory does not count.
 */

import { startReceiver, type Treatment } from '../../test/support/accounting/receiver.ts';
import { type Answer, type Simulator, startSimulator } from '../../test/support/simulator/index.ts';
import { choose, randomFrom } from './random.ts';

/** A request of the program to its peer. */
export type PeerRequest = 'renew' | 'count';
export interface PeerReply {
  readonly apiUrl: string;
  readonly receiverUrl: string;
  /** The number of spans that the receiver has accepted. */
  readonly taken: number;
}

const AT_ONCE = { 'retry-after-ms': '1' };
const REFUSAL = { error: { message: 'It failed.', type: 'server_error', code: null } };

/** The faults of the API. The weights are per thousand requests. */
const API_FAULTS: readonly { readonly weight: number; readonly answer: Answer | undefined }[] = [
  { weight: 900, answer: undefined },
  { weight: 25, answer: { status: 500, body: REFUSAL, headers: AT_ONCE } },
  { weight: 20, answer: { status: 429, body: REFUSAL, headers: AT_ONCE } },
  { weight: 10, answer: { status: 400, body: REFUSAL } },
  { weight: 15, answer: { break: 'before-headers' } },
  { weight: 10, answer: { break: 'mid-body' } },
  { weight: 5, answer: { body: '{"id": "broken' } },
  { weight: 5, answer: { body: { object: '__proto__', id: {}, choices: 'none', data: { length: 3 } } } },
  { weight: 5, answer: { body: [] } },
  { weight: 5, answer: { delayMs: 20 } },
];

const RECEIVER_FAULTS: readonly { readonly weight: number; readonly treatment: Treatment }[] = [
  { weight: 92, treatment: 'take' },
  { weight: 4, treatment: 500 },
  { weight: 1, treatment: 400 },
  { weight: 2, treatment: 'cut' },
  { weight: 1, treatment: 'garbage' },
];

/** How many requests in a row fail in every 200: enough for the circuit breaker to open. */
const OUTAGE = 20;

const random = randomFrom(1);
let simulator: Simulator | undefined;
const receiver = await startReceiver((request) =>
  request % 200 < OUTAGE && request > 200 ? 500 : choose(RECEIVER_FAULTS, random()).treatment,
);

process.on('message', async (request: PeerRequest) => {
  if (request === 'renew') {
    // Keeps the port, because the program's metrics have an entry for each address.
    const port = simulator === undefined ? 0 : Number(new URL(simulator.url).port);
    await simulator?.close();
    simulator = await startSimulator({ port, faults: () => choose(API_FAULTS, random()).answer });
  }
  const reply: PeerReply = {
    apiUrl: simulator?.url ?? '',
    receiverUrl: receiver.url,
    taken: receiver.taken,
  };
  process.send?.(reply);
});
process.on('disconnect', () => process.exit());
