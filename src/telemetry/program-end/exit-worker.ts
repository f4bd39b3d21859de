/**
 * Runs in a worker thread that `exit-delivery.ts` starts. The exiting thread waits for it: that thread's own event loop
 * has stopped, so it cannot send anything itself.
 */

import { builtIn } from '../../util/built-in.ts';

type Threads = typeof import('node:worker_threads');

export interface ExitWorkerData {
  readonly port: InstanceType<Threads['MessagePort']>;
  /** How many requests have ended. */
  readonly ended: Int32Array;
}

export interface RequestOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** The certificates and the key, for `https:`. */
  readonly tls: object;
}

/** The message that asks the worker to send a batch. */
export interface ExitRequest extends RequestOptions {
  readonly index: number;
  readonly url: string;
  readonly compression: unknown;
  readonly body: Uint8Array;
}

/** The message that tells how a request ended. */
export interface ExitAnswer {
  readonly index: number;
  readonly statusCode?: number | undefined;
  /** Of an error. */
  readonly code?: string | undefined;
  readonly message?: string;
}

/** A large queue is sent in many requests. */
const MAX_SOCKETS = 8;

const { port, ended } = (builtIn('node:worker_threads') as Threads).workerData as ExitWorkerData;
port.on('message', (batch: ExitRequest) => {
  let isAnswered = false;
  const answer = (how: Omit<ExitAnswer, 'index'>): void => {
    if (isAnswered) return;
    isAnswered = true;
    port.postMessage({ index: batch.index, ...how });
    Atomics.add(ended, 0, 1);
    Atomics.notify(ended, 0);
  };
  try {
    sendBatch(batch, answer);
  } catch (error) {
    answer({ message: String(error) });
  }
});

function sendBatch(batch: ExitRequest, answer: (how: Omit<ExitAnswer, 'index'>) => void): void {
  const { url, tls, compression } = batch;
  // Loads only what it needs: the main thread waits.
  const client = url.startsWith('https:') ? builtIn('node:https') : builtIn('node:http');
  const zlib = compression === 'gzip' ? builtIn('node:zlib') : undefined;
  const headers = zlib === undefined ? batch.headers : { ...batch.headers, 'Content-Encoding': 'gzip' };
  if (client === undefined) throw new Error('There is no HTTP client.');
  client.globalAgent.maxSockets = MAX_SOCKETS;
  client
    .request(url, { ...tls, method: 'POST', headers })
    .on('response', (response) => answer({ statusCode: response.resume().statusCode }))
    .on('error', ({ code, message }: NodeJS.ErrnoException) => answer({ code, message }))
    .end(zlib === undefined ? batch.body : zlib.gzipSync(batch.body));
}
