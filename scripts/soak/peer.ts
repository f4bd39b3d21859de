/**
 * What the soaked program talks to, in a process of its own so that its memory is not the program's: the simulated
 * API and a receiver of spans, both of which fail now and then.
 */

import { startReceiver, type Treatment } from '../../test/support/accounting/receiver.ts';
import { type Answer, type Simulator, startSimulator } from '../../test/support/simulator/index.ts';
import { choose, randomFrom } from './random.ts';

/** What the program asks of its peer, and what it is told. */
export type PeerRequest = 'renew' | 'count';
export interface PeerReply {
  readonly apiUrl: string;
  readonly receiverUrl: string;
  /** Spans that the receiver has taken. */
  readonly taken: number;
}

const AT_ONCE = { 'retry-after-ms': '1' };
const REFUSAL = { error: { message: 'It failed.', type: 'server_error', code: null } };

/** What goes wrong with a request to the API, in parts of a thousand. */
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

/** In every thousand requests, so many in a row fail: long enough for the breaker to open. */
const OUTAGE = 20;

const random = randomFrom(1);
let simulator: Simulator | undefined;
const receiver = await startReceiver((request) =>
  request % 200 < OUTAGE && request > 200 ? 500 : choose(RECEIVER_FAULTS, random()).treatment,
);

process.on('message', async (request: PeerRequest) => {
  if (request === 'renew') {
    // It stays where it was: the metrics of the program have an entry for every address.
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
