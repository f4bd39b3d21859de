import type { Call } from '../sdk/call.ts';

/**
 * The calls in flight. Each knows its place in one array, which keeps its length: a map that is filled and emptied by
 * each call of a quiet program allocates a new table every time.
 */
export class OpenCalls {
  readonly #calls: (Call | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(call: Call): void {
    call.openIndex = this.#size;
    this.#calls[this.#size++] = call;
  }

  /** Does nothing for a call that was not added. */
  delete(call: Call): void {
    const { openIndex: index } = call;
    if (index === undefined) return;
    call.openIndex = undefined;
    const last = this.#calls[--this.#size] as Call;
    this.#calls[this.#size] = undefined;
    if (last === call) return;
    this.#calls[index] = last;
    last.openIndex = index;
  }

  values(): Call[] {
    return this.#calls.filter((call) => call !== undefined);
  }
}
