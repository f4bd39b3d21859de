import { guardAsync } from '../../util/guard.ts';
import { field } from '../../util/payload.ts';
import { TaskQueue } from '../../util/task-queue.ts';

const MAX_PENDING_HOOKS = 1_000;
/** How long a flush waits for hooks. */
const HOOKS_TIMEOUT_MS = 5_000;

/** The completion hooks that have not settled yet. */
export class PendingHooks {
  /** Keeps the owner from being garbage collected before its hooks have settled. */
  readonly owner: object;
  readonly #queue = new TaskQueue({ maxConcurrent: MAX_PENDING_HOOKS, maxPending: MAX_PENDING_HOOKS });

  constructor(owner: object) {
    this.owner = owner;
  }

  /** @param returned the return value of a hook */
  add(returned: unknown): void {
    if (typeof field(returned, 'then') !== 'function') return;
    const promise = guardAsync('the completionHook', async () => void (await returned));
    void this.#queue.add(() => promise);
  }

  settled(): Promise<void> {
    return this.#queue.settled(HOOKS_TIMEOUT_MS);
  }
}
