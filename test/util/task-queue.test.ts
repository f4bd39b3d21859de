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
