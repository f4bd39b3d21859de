import { expect, it } from 'vitest';
import { TaskQueue } from '../../src/util/task-queue.ts';

it('a task queue runs one task after the other, refuses any while it is full, and waits for what its tasks add', async () => {
  const log: string[] = [];
  const queue = new TaskQueue({ maxConcurrent: 1, maxPending: 2 });
  const task = (name: string, next?: () => void) => async (): Promise<void> => {
    log.push(name);
    await Promise.resolve();
    next?.();
  };
  const first = queue.add(task('a'));
  void queue.add(task('b', () => void queue.add(task('c'))));
  expect(queue.full).toBe(true);
  await queue.add(task('refused'));
  await first;
  expect(queue.full).toBe(false);
  await queue.settled();
  expect(log).toEqual(['a', 'b', 'c']);
});
