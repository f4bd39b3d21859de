import { SUCCESS } from 'openai-traces-viewer/shared/export-result.ts';
import { builtIn } from '../../util/built-in.ts';
import { failureReason, NO_ANSWER } from '../../util/failure-reason.ts';
import { guard, guardAsync } from '../../util/guard.ts';
import { type HttpQueue, httpQueuesOf } from '../../util/otel-sdk.ts';
import { patchMethod } from '../../util/patch-method.ts';
import { field, fieldsOf } from '../../util/payload.ts';
import { platform } from '../../util/platform.ts';
import { readEnvironment } from '../../util/variables.ts';
import { NAME, VERSION } from '../../util/version.ts';
import type { ExitAnswer, ExitWorkerData, RequestOptions } from './exit-worker.ts';
import { hasLastFailed, isUnderWay, noteSuccess } from './unsent.ts';

/** How long an exiting program waits at most. */
const DELIVERY_TIMEOUT_MS = 1_000;

export interface Delivered {
  /** The endpoints that did not take all spans, and why. */
  readonly failures: readonly { readonly url: string; readonly reason: string }[];
  /** The processors whose exporters had batches that they had not sent. */
  readonly takenOver: readonly object[];
}

/**
 * Prepares what {@link sendWaiting} needs. Call this when the SDK starts: at exit, nothing asynchronous runs, and the
 * environment may have changed.
 *
 * @returns sends what waits in the batching processors of these providers, and what their exporters have not sent
 */
export function prepareDelivery(providers: readonly object[]): () => Delivered {
  const outboxes = providers.flatMap(httpQueuesOf).map((queue) => new Outbox(queue));
  return () => sendWaiting(outboxes);
}

/** A batching processor, and the batches that its exporter has. */
class Outbox {
  readonly queue: HttpQueue;
  options: RequestOptions | undefined;
  readonly #exporting = new Set<object[]>();

  constructor(queue: HttpQueue) {
    this.queue = queue;
    void guardAsync('reading the options of an exporter', async () => {
      this.options = await requestOptionsOf(queue);
    });
    guard('watching an exporter', () => this.#watch(queue));
  }

  #watch({ exporter, url }: HttpQueue): void {
    const original = field(exporter, 'export');
    if (typeof original !== 'function') return;
    const exporting = this.#exporting;
    patchMethod(
      exporter,
      'export',
      function (this: unknown, items: object[], done: (result: unknown) => void) {
        exporting.add(items);
        const finish = (result: unknown): void => {
          exporting.delete(items);
          if (field(result, 'code') === SUCCESS.code) noteSuccess(url);
          done(result);
        };
        return original.call(this, items, finish);
      },
    );
  }

  /** Batches for which the exporter has not begun a request. Those under way are not sent twice. */
  get unsent(): object[][] {
    return isUnderWay(this.queue.url) ? [] : [...this.#exporting];
  }

  get isDeliverable(): boolean {
    const { url, length } = this.queue;
    return this.options !== undefined && length + this.unsent.length > 0 && !hasLastFailed(url);
  }
}

async function requestOptionsOf(queue: HttpQueue): Promise<RequestOptions> {
  const headers = { 'User-Agent': `${NAME}/${VERSION}`, ...fieldsOf(await queue.headers()) };
  if (!queue.url.startsWith('https:')) return { headers, tls: {} };
  const { ca, cert, key } = fieldsOf(await queue.tls());
  // The worker has no environment.
  const rejectUnauthorized = readEnvironment().NODE_TLS_REJECT_UNAUTHORIZED !== '0';
  return { headers, tls: { ca, cert, key, rejectUnauthorized } };
}

/** Sends everything and waits for the answers. Endpoints that have just failed are left out. */
function sendWaiting(outboxes: readonly Outbox[]): Delivered {
  const deliverable = outboxes.filter(({ isDeliverable }) => isDeliverable);
  if (deliverable.length === 0) return { failures: [], takenOver: [] };
  const deadline = platform.performance.now() + DELIVERY_TIMEOUT_MS;
  const { port, ended } = startWorker();
  const takenOver = deliverable.filter(({ unsent }) => unsent.length > 0).map(({ queue }) => queue.processor);
  const batches = deliverable.flatMap(({ queue, options, unsent }) =>
    [...unsent, ...queue.take()].map((items) => ({ queue, options, items })),
  );
  let posted = 0;
  batches.forEach(({ queue: { url, compression, serialize }, options, items }, index) => {
    if (platform.performance.now() > deadline) return;
    const body = guard('serializing at exit', serialize, items);
    if (body === undefined) return;
    port.postMessage({ ...options, index, url, compression, body });
    posted++;
  });
  waitUntil(posted, ended, deadline);
  const answers = answersFrom(port);
  const failures = batches.flatMap(({ queue, items }, index) => {
    const reason = reasonIn(answers.get(index));
    if (reason === undefined) return [];
    queue.putBack(items);
    // Only processors of spans have `onEnd`.
    return field(queue.processor, 'onEnd') === undefined ? [] : [{ url: queue.url, reason }];
  });
  return { failures, takenOver };
}

/** Throws if Node's `--permission` forbids worker threads. */
function startWorker(): ExitWorkerData {
  const threads = builtIn('node:worker_threads');
  const file = workerFile();
  // A bundle does not contain the file.
  if (threads === undefined || builtIn('node:fs')?.existsSync(file) !== true)
    throw new Error('There is no worker.');
  const { port1: port, port2 } = new threads.MessageChannel();
  const ended = new Int32Array(new SharedArrayBuffer(4));
  const workerData: ExitWorkerData = { port: port2, ended };
  // With the options or the environment of the program, the worker might load this package again.
  new threads.Worker(file, { workerData, transferList: [port2], execArgv: [], env: {} });
  return { port, ended };
}

/** The build has all files in one folder. */
function workerFile(): string | URL {
  return typeof __dirname === 'string'
    ? `${__dirname}/exit-worker.cjs`
    : new URL('./exit-worker.ts', import.meta.url);
}

function waitUntil(count: number, ended: Int32Array, deadline: number): void {
  for (;;) {
    const already = Atomics.load(ended, 0);
    const left = deadline - platform.performance.now();
    // A test of the program may have stopped the clock.
    if (already >= count || left <= 0 || Atomics.wait(ended, 0, already, left) === 'timed-out') return;
  }
}

function answersFrom(port: ExitWorkerData['port']): Map<number, ExitAnswer> {
  const { receiveMessageOnPort } = builtIn('node:worker_threads') ?? {};
  const answers = new Map<number, ExitAnswer>();
  for (;;) {
    const received = receiveMessageOnPort?.(port) as { readonly message: ExitAnswer } | undefined;
    if (received === undefined) return answers;
    answers.set(received.message.index, received.message);
  }
}

function reasonIn(answer: ExitAnswer | undefined): string | undefined {
  if (answer === undefined) return NO_ANSWER;
  const { statusCode = 0 } = answer;
  return statusCode >= 200 && statusCode < 300 ? undefined : failureReason(answer);
}
