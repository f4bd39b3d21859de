import { settledWithin } from './wait.ts';

/** How many rounds of tasks are awaited. Tasks may add others, and a busy program adds new ones all the time. */
const MAX_ROUNDS = 4;

interface TaskQueueLimits {
  readonly maxConcurrent: number;
  /** How many tasks the queue holds: those that run and those that wait. */
  readonly maxPending: number;
  /** Whether another task may start now. When the answer changes, the caller calls {@link TaskQueue.resume}. */
  readonly mayStart?: (running: number) => boolean;
}

/** Runs tasks in the background, a few at a time, in the order in which they were added. A full queue drops tasks. */
export class TaskQueue {
  readonly #limits: TaskQueueLimits;
  readonly #waiting: ((run: boolean) => void)[] = [];
  readonly #pending = new Set<Promise<void>>();
  #running = 0;

  constructor(limits: TaskQueueLimits) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get full(): boolean {
    return this.#pending.size >= this.#limits.maxPending;
  }

  /**
   * @param task must not reject
   * @returns settles when the task is over, or at once if the queue is full; never rejects
   */
  add(task: () => Promise<void>): Promise<void> {
    if (this.full) return Promise.resolve();
    const done = this.#run(task).finally(() => this.#pending.delete(done));
    this.#pending.add(done);
    return done;
  }

  /** Also waits for the tasks that the current ones add, for a few rounds. */
  async settled(timeoutMs?: number): Promise<void> {
    if (this.#pending.size === 0) return;
    const rounds = this.#settledRounds();
    await (timeoutMs === undefined ? rounds : settledWithin(timeoutMs, [rounds]));
  }

  /** Drops the tasks that have not started. */
  clear(): void {
    for (const answer of this.#waiting.splice(0)) answer(false);
  }

  async #settledRounds(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS && this.#pending.size > 0; round++)
      await Promise.all(this.#pending);
  }

  async #run(task: () => Promise<void>): Promise<void> {
    if (this.#hasRoom) this.#running++;
    else if (!(await this.#turn())) return;
    try {
      await task();
    } finally {
      this.#running--;
      this.resume();
    }
  }

  get #hasRoom(): boolean {
    const { maxConcurrent, mayStart } = this.#limits;
    return this.#running < maxConcurrent && mayStart?.(this.#running) !== false;
  }

  /** Starts waiting tasks. Each counts as running at once, so that no other task can start in its place. */
  resume(): void {
    while (this.#hasRoom) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running++;
      next(true);
    }
  }

  /** @returns `false` if `clear` has dropped the task */
  #turn(): Promise<boolean> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
