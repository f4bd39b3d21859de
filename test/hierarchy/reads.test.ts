import { setImmediate as nextTurn } from 'node:timers/promises';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Send } from '../../src/hierarchy/dialect.ts';
import { BackgroundReads, OriginReads, type ReadOutcome } from '../../src/hierarchy/reads.ts';
import { Call } from '../../src/sdk/call.ts';
import { endpointOfClient } from '../../src/sdk/provider.ts';

const MINUTE = 60_000;

interface Answer {
  /** 200 by default. */
  readonly status?: number;
  readonly retryAfter?: string;
  /** The run that is read: another one each time by default. */
  readonly id?: string;
}

const answering =
  ({ status = 200, retryAfter }: Answer) =>
  async (): Promise<void> => {
    if (status !== 200)
      throw Object.assign(new Error('no'), { status, headers: { 'retry-after': retryAfter } });
  };

/** A read of one request. */
function start(
  reads: OriginReads,
  id: string,
  request: () => Promise<void>,
  isWanted: () => boolean = () => true,
): Promise<ReadOutcome> {
  return reads.read({ id, run: (send) => send(request), isWanted });
}

const isAvailable = ({ full, rests }: OriginReads): boolean => !full && !rests;

async function readAll(reads: OriginReads, answers: readonly Answer[]): Promise<void> {
  for (const [index, answer] of answers.entries()) {
    while (reads.rests) vi.advanceTimersByTime(1_000);
    await start(reads, answer.id ?? `run_${index}`, answering(answer));
  }
}

/** How many of many reads run at once. */
async function concurrency(reads: OriginReads): Promise<number> {
  let running = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const read = (): Promise<void> => {
    running++;
    return promise;
  };
  const all = Array.from({ length: 20 }, (_, index) => start(reads, `many_${index}`, read));
  await Promise.resolve();
  const atOnce = running;
  resolve();
  await Promise.all(all);
  return atOnce;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => vi.useRealTimers());

const repeated = (count: number, answer: Answer): Answer[] => Array.from({ length: count }, () => answer);

describe('reads from a server', () => {
  it('begin two at a time, also after a failure', async () => {
    const reads = new OriginReads('http://a', 100);
    expect(await concurrency(reads)).toBe(2);
    await readAll(reads, [{ status: 500 }]);
    expect(await concurrency(reads)).toBe(2);
  });

  it.each<[string, readonly Answer[], number]>([
    ['are not paused by two failures', repeated(2, { status: 503 }), 0],
    ['are paused for a second by three failures', repeated(3, { status: 503 }), 1_000],
    ['are paused twice as long by four', repeated(4, { status: 503 }), 2_000],
    ['are paused for a minute at most', repeated(20, { status: 503 }), MINUTE],
    ['are paused for as long as the server asks', repeated(3, { status: 429, retryAfter: '5' }), 5_000],
    ['are paused for ten minutes at most', repeated(3, { status: 429, retryAfter: '5000' }), 10 * MINUTE],
    [
      'are counted anew after a success',
      [...repeated(2, { status: 500 }), {}, ...repeated(2, { status: 500 })],
      0,
    ],
    ['stop for ten minutes where the server has no such method', [{ status: 405 }], 10 * MINUTE],
    ['stop for ten minutes where the server implements no such method', [{ status: 501 }], 10 * MINUTE],
    ['stop after 404 for three different runs', repeated(3, { status: 404 }), 10 * MINUTE],
    ['continue after 404 for one run', repeated(5, { status: 404, id: 'run_1' }), 0],
    ['continue after 404 where a run was found', [{}, ...repeated(3, { status: 404 })], 0],
  ])('%s', async (_, answers, pause) => {
    const reads = new OriginReads('http://a', 100);
    await readAll(reads, answers);
    if (pause > 0) {
      vi.advanceTimersByTime(pause - 1);
      expect(isAvailable(reads)).toBe(false);
      vi.advanceTimersByTime(1);
    }
    expect(isAvailable(reads)).toBe(true);
  });

  it('count once if several overlap and fail', async () => {
    const reads = new OriginReads('http://a', 100);
    for (let round = 0; round < 2; round++) {
      const { promise, reject } = Promise.withResolvers<void>();
      const both = ['a', 'b'].map((id) => start(reads, `${id}_${round}`, () => promise));
      reject(new Error('no'));
      await Promise.all(both);
    }
    expect(reads.rests).toBe(false);
    await readAll(reads, [{ status: 503 }]);
    expect(reads.rests).toBe(true);
  });

  it('wait in a queue that is bounded', async () => {
    const reads = new OriginReads('http://a', 3);
    const { promise, resolve } = Promise.withResolvers<void>();
    const all = ['a', 'b', 'c'].map((id) => start(reads, id, () => promise));
    expect(isAvailable(reads)).toBe(false);
    resolve();
    await Promise.all(all);
    expect(isAvailable(reads)).toBe(true);
  });
});

it('reads are awaited for five seconds at most, aborted at a shutdown, and none begins after it', async () => {
  const reads = new BackgroundReads({ settings: { maxConversations: 100, runSteps: 'fetch' } });
  const log: string[] = [];
  const run = (send: Send): Promise<void> =>
    send(({ signal }) => {
      log.push('read');
      return new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve(void log.push('aborted'))),
      );
    });
  for (let count = 0; count < 3; count++)
    void reads.at('http://a').read({ id: `run_${count}`, run, isWanted: () => true });
  const flushed = reads.settled().then(() => log.push('flushed'));
  await vi.advanceTimersByTimeAsync(4_999);
  expect(log).toEqual(['read', 'read']);
  await vi.advanceTimersByTimeAsync(1);
  await flushed;
  const ended = reads.end(2_000);
  await vi.advanceTimersByTimeAsync(2_000);
  await ended;
  await nextTurn();
  expect(log).toEqual(['read', 'read', 'flushed', 'aborted', 'aborted']);
});

describe('reads beside the requests of the program', () => {
  const ORIGIN = 'http://busy';
  const client = { baseURL: ORIGIN };
  const calls: Call[] = [];
  const begin = (count: number, isSent = true): void => {
    endpointOfClient(client);
    for (let request = 0; request < count; request++) {
      const call = new Call(
        client,
        { prepare: () => true, start: ({ context }) => ({ context, settle() {} }) },
        ROOT_CONTEXT,
      );
      call.begin({ method: 'get', path: '/models' });
      if (isSent) call.apply('attempted');
      calls.push(call);
    }
  };
  const answer = (): void => {
    const call = calls.shift();
    call?.responded({ status: 200 });
    call?.apply('value', {});
  };
  afterEach(() => {
    while (calls.length > 0) answer();
  });

  it('begin beside three, and beside any number over a socket or at another server', async () => {
    const log: string[] = [];
    begin(10, false);
    begin(3);
    await start(new OriginReads(ORIGIN, 100), 'run_1', async () => void log.push('quiet'));
    begin(10);
    await start(new OriginReads('http://idle', 100), 'run_1', async () => void log.push('idle'));
    expect(log).toEqual(['quiet', 'idle']);
  });

  it('begin one at a time once the program has kept the server busy for five seconds', async () => {
    const reads = new OriginReads(ORIGIN, 100);
    const log: string[] = [];
    const answers = [0, 1, 2].map(() => Promise.withResolvers<void>());
    const read = (index: number): Promise<unknown> =>
      start(reads, `run_${index}`, () => {
        log.push(`read ${index}`);
        return answers[index]?.promise ?? Promise.resolve();
      });
    const begunAfter = async (milliseconds: number): Promise<readonly string[]> => {
      vi.advanceTimersByTime(milliseconds);
      reads.resume();
      await nextTurn();
      return log;
    };
    begin(4);
    const started = [read(0), read(1)];
    expect(await begunAfter(4_999)).toEqual([]);
    expect(await begunAfter(1)).toEqual(['read 0']);
    answers[0]?.resolve();
    expect(await begunAfter(0)).toEqual(['read 0', 'read 1']);
    answers[1]?.resolve();
    answer();
    reads.resume();
    await Promise.all(started);
    // The server was quiet, and is busy again.
    begin(1);
    answers[2]?.resolve();
    const last = read(2);
    expect(await begunAfter(4_999)).toEqual(['read 0', 'read 1']);
    expect(await begunAfter(1)).toEqual(['read 0', 'read 1', 'read 2']);
    await last;
  });
});

it('nothing is read once the process exits', async () => {
  const reads = new BackgroundReads({ settings: { maxConversations: 100, runSteps: 'fetch' } });
  const log: string[] = [];
  const known = reads.at('http://a');
  reads.stop();
  for (const origin of [known, reads.at('http://b')]) {
    expect(isAvailable(origin)).toBe(false);
    await start(origin, 'run', async () => void log.push('read'));
  }
  expect(log).toEqual([]);
});
