import { describe, expect, it } from 'vitest';
import { TaskQueue } from '../../src/util/task-queue.ts';

/** A task that ends when the test says so, and logs that it started. */
function task(name: string, log: string[]): { run: () => Promise<void>; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const run = (): Promise<void> => {
    log.push(name);
    return promise;
  };
  return { run, end: resolve };
}

describe('a task queue', () => {
  it('starts a task at once while fewer than the limit run', () => {
    const log: string[] = [];
    const queue = new TaskQueue({ maxConcurrent: 2, maxPending: 10 });
    for (const name of ['a', 'b', 'c']) void queue.add(task(name, log).run);
    expect(log).toEqual(['a', 'b']);
  });

  it('starts waiting tasks in order of arrival', async () => {
    const log: string[] = [];
    const queue = new TaskQueue({ maxConcurrent: 1, maxPending: 10 });
    const tasks = ['a', 'b', 'c'].map((name) => task(name, log));
    const added = tasks.map(({ run }) => queue.add(run));
    for (const [index, { end }] of tasks.entries()) {
      end();
      await added[index];
    }
    expect(log).toEqual(['a', 'b', 'c']);
  });

  it('never runs more tasks than the limit, even if one is added when another ends', async () => {
    let running = 0;
    let most = 0;
    const queue = new TaskQueue({ maxConcurrent: 2, maxPending: 100 });
    const run = async (): Promise<void> => {
      running++;
      most = Math.max(most, running);
      await Promise.resolve();
      running--;
    };
    const all = Array.from({ length: 10 }, () => queue.add(run).then(() => queue.add(run)));
    await Promise.all(all);
    expect(most).toBe(2);
  });

  it('refuses a task while it is full, and accepts one after a task has ended', async () => {
    const log: string[] = [];
    const queue = new TaskQueue({ maxConcurrent: 1, maxPending: 2 });
    const first = task('a', log);
    const second = task('b', log);
    const added = queue.add(first.run);
    void queue.add(second.run);
    expect(queue.full).toBe(true);
    await queue.add(task('refused', log).run);
    first.end();
    await added;
    expect(queue.full).toBe(false);
    void queue.add(task('c', log).run);
    second.end();
    await expect.poll(() => log).toEqual(['a', 'b', 'c']);
  });

  it('does not start waiting tasks after it is cleared', async () => {
    const log: string[] = [];
    const queue = new TaskQueue({ maxConcurrent: 1, maxPending: 10 });
    const first = task('a', log);
    const added = queue.add(first.run);
    const dropped = queue.add(task('b', log).run);
    queue.clear();
    first.end();
    await Promise.all([added, dropped]);
    await queue.settled();
    expect(log).toEqual(['a']);
  });

  it('waits for tasks that its tasks add', async () => {
    const log: string[] = [];
    const queue = new TaskQueue({ maxConcurrent: 1, maxPending: 10 });
    const add = (name: string, next?: () => void): void => {
      const run = async (): Promise<void> => {
        await Promise.resolve();
        log.push(name);
        next?.();
      };
      void queue.add(run);
    };
    add('parent', () => add('child'));
    await queue.settled();
    expect(log).toEqual(['parent', 'child']);
  });
});
