import { setImmediate as nextTurn } from 'node:timers/promises';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Send } from '../../src/hierarchy/dialect.ts';
import { BackgroundReads, OriginReads, type ReadOutcome } from '../../src/hierarchy/reads.ts';
import { Call } from '../../src/sdk/call.ts';
import { endpointOf } from '../../src/sdk/provider.ts';

const MINUTE = 60_000;

const ATTEMPT = {
  endTime: undefined,
  status: undefined,
  headers: undefined,
  error: undefined,
  sentURL: undefined,
  sentHeaders: undefined,
};

class Failure extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, headers: Readonly<Record<string, string>> = {}) {
    super('no');
    this.status = status;
    this.headers = headers;
  }
}

const succeed = async (): Promise<void> => {};
const failWith = (status: number, headers?: Readonly<Record<string, string>>) => async (): Promise<void> => {
  throw new Failure(status, headers);
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

/** A read of several. */
function startAll(reads: OriginReads, id: string, run: (send: Send) => Promise<void>): Promise<ReadOutcome> {
  return reads.read({ id, run, isWanted: () => true });
}

const isAvailable = ({ full, rests }: OriginReads): boolean => !full && !rests;

async function repeat(reads: OriginReads, count: number, read: () => Promise<void>): Promise<void> {
  for (let done = 0; done < count; done++) await start(reads, `run_${done}`, read);
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

describe('reads from a server', () => {
  it('begin two at a time, also after a failure', async () => {
    const reads = new OriginReads('http://a', 100);
    expect(await concurrency(reads)).toBe(2);
    await start(reads, 'run', failWith(500));
    expect(await concurrency(reads)).toBe(2);
  });

  it('rest for a second after three failures in a row, then twice as long each time, up to a minute', async () => {
    const reads = new OriginReads('http://a', 100);
    await repeat(reads, 2, failWith(503));
    for (const rest of [1, 2, 4, 8, 16, 32, 60, 60]) {
      expect(isAvailable(reads)).toBe(true);
      await start(reads, 'run', failWith(503));
      vi.advanceTimersByTime(rest * 1e3 - 1);
      expect(isAvailable(reads)).toBe(false);
      vi.advanceTimersByTime(1);
    }
    await start(reads, 'run', succeed);
    await repeat(reads, 2, failWith(503));
    expect(isAvailable(reads)).toBe(true);
  });

  it('rest for as long as the server asks', async () => {
    const reads = new OriginReads('http://a', 100);
    await repeat(reads, 3, failWith(429, { 'retry-after': '5' }));
    vi.advanceTimersByTime(4_999);
    expect(isAvailable(reads)).toBe(false);
    vi.advanceTimersByTime(1);
    expect(isAvailable(reads)).toBe(true);
  });

  it('continue if one of three succeeds', async () => {
    const reads = new OriginReads('http://a', 100);
    for (const read of [failWith(500), failWith(500), succeed, failWith(500), failWith(500)])
      await start(reads, 'run', read);
    expect(isAvailable(reads)).toBe(true);
  });

  it.each([405, 501])('stop for ten minutes after %i: the server lacks the endpoint', async (status) => {
    const reads = new OriginReads('http://a', 100);
    await start(reads, 'run', failWith(status));
    vi.advanceTimersByTime(10 * MINUTE - 1);
    expect(isAvailable(reads)).toBe(false);
    vi.advanceTimersByTime(1);
    expect(isAvailable(reads)).toBe(true);
  });

  it('stop after 404 for three different runs, if none was ever found', async () => {
    const lacking = new OriginReads('http://a', 100);
    for (let count = 0; count < 5; count++) await start(lacking, 'run_1', failWith(404));
    expect(isAvailable(lacking)).toBe(true);
    await repeat(lacking, 3, failWith(404));
    expect(isAvailable(lacking)).toBe(false);
    const forgetful = new OriginReads('http://a', 100);
    await start(forgetful, 'run_0', succeed);
    await repeat(forgetful, 10, failWith(404));
    expect(isAvailable(forgetful)).toBe(true);
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

describe('the reads from all servers', () => {
  it('are awaited for five seconds at most, and never begin after a shutdown', async () => {
    const reads = new BackgroundReads({ settings: { maxConversations: 100, runSteps: 'fetch' } });
    const log: string[] = [];
    const read = async (): Promise<void> => {
      log.push('read');
      await new Promise<void>(() => undefined);
    };
    for (let count = 0; count < 3; count++) void start(reads.at('http://a'), `run_${count}`, read);
    const flushed = reads.settled().then(() => log.push('flushed'));
    await vi.advanceTimersByTimeAsync(4_999);
    expect(log).toEqual(['read', 'read']);
    await vi.advanceTimersByTimeAsync(1);
    await flushed;
    const ended = reads.end(5_000).then(() => log.push('ended'));
    await vi.advanceTimersByTimeAsync(5_000);
    await ended;
    await nextTurn();
    expect(log).toEqual(['read', 'read', 'flushed', 'ended']);
  });

  it('are aborted if a shutdown has waited for them in vain', async () => {
    const reads = new BackgroundReads({ settings: { maxConversations: 100, runSteps: 'fetch' } });
    const from = reads.at('http://a');
    const aborted: boolean[] = [];
    const run = (send: Send): Promise<void> =>
      send(
        ({ signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => resolve(void aborted.push(signal.aborted)));
          }),
      );
    for (let count = 0; count < 3; count++) void startAll(from, `run_${count}`, run);
    const ended = reads.end(2_000);
    await vi.advanceTimersByTimeAsync(2_000);
    await ended;
    expect(aborted).toEqual([true, true]);
  });
});

describe('reads beside the requests of the program', () => {
  const ORIGIN = 'http://busy';
  const client = { baseURL: ORIGIN };
  const calls: Call[] = [];
  const begin = (count: number, isSent = true): void => {
    endpointOf(client);
    for (let request = 0; request < count; request++) {
      const call = new Call(
        client,
        { prepare: () => true, start: ({ context }) => ({ context, settle() {} }) },
        ROOT_CONTEXT,
      );
      call.begin({ method: 'get', path: '/models' });
      if (isSent) call.attempted({ ...ATTEMPT, startTime: call.now() });
      calls.push(call);
    }
  };
  const answer = (): void => {
    const call = calls.shift();
    call?.responded({ status: 200 });
    call?.succeed({});
  };
  afterEach(() => {
    while (calls.length > 0) answer();
  });

  it('begin beside three, and beside any number at another server', async () => {
    const log: string[] = [];
    begin(3);
    const busy = start(new OriginReads(ORIGIN, 100), 'run_1', async () => void log.push('busy'));
    begin(10);
    const idle = start(new OriginReads('http://idle', 100), 'run_1', async () => void log.push('idle'));
    await Promise.resolve();
    expect(log).toEqual(['busy', 'idle']);
    for (let request = 0; request < 13; request++) answer();
    await Promise.all([busy, idle]);
  });

  it('begin beside any number of responses over a socket, which are no requests', async () => {
    begin(10, false);
    const log: string[] = [];
    await start(new OriginReads(ORIGIN, 100), 'run_1', async () => void log.push('read'));
    expect(log).toEqual(['read']);
    for (let response = 0; response < 10; response++) answer();
  });

  it('begin one at a time once the program has kept the server busy for five seconds', async () => {
    const reads = new OriginReads(ORIGIN, 100);
    const log: string[] = [];
    begin(4);
    const answers = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const started = answers.map(({ promise }, index) =>
      start(reads, `run_${index}`, () => {
        log.push(`read ${index}`);
        return promise;
      }),
    );
    vi.advanceTimersByTime(4_999);
    reads.resume();
    await nextTurn();
    expect(log).toEqual([]);
    vi.advanceTimersByTime(1);
    reads.resume();
    await nextTurn();
    expect(log).toEqual(['read 0']);
    answers[0]?.resolve();
    await nextTurn();
    expect(log).toEqual(['read 0', 'read 1']);
    answers[1]?.resolve();
    await Promise.all(started);
    for (let request = 0; request < 4; request++) answer();
  });

  it('give way for five seconds again after the server was quiet', async () => {
    const reads = new OriginReads(ORIGIN, 100);
    begin(4);
    const first = start(reads, 'run_1', succeed);
    vi.advanceTimersByTime(5_000);
    answer();
    reads.resume();
    await first;
    begin(1);
    const log: string[] = [];
    const second = start(reads, 'run_2', async () => void log.push('read'));
    vi.advanceTimersByTime(4_999);
    reads.resume();
    await nextTurn();
    expect(log).toEqual([]);
    for (let request = 0; request < 4; request++) answer();
    reads.resume();
    await second;
    expect(log).toEqual(['read']);
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
