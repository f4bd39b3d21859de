import type { Message } from '../../config/completion-types.ts';
import type { Keeper } from '../../telemetry/kept-values.ts';
import { MAX_READ } from '../../util/payload.ts';

const NO_MESSAGES: ReadonlyMap<string, Message> = new Map();

/** The messages that an invocation was given or has made, by id. Without content there are none, and no map either. */
export class KeptMessages {
  readonly #keeper: Keeper;
  #messages: Map<string, Message> | undefined;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  /** In the order in which they were seen first. */
  get all(): ReadonlyMap<string, Message> {
    return this.#messages ?? NO_MESSAGES;
  }

  forget(): void {
    this.#messages = undefined;
  }

  keep(id: string, content: Message): void {
    this.#messages ??= new Map();
    const known = this.#messages.get(id);
    if (known !== undefined || this.#messages.size < MAX_READ)
      this.#messages.set(id, this.#keeper.keep(content, known));
  }
}
