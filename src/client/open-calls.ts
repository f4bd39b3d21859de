import type { Call } from './call.ts';

/** Calls that are under way, linked to each other: what a set has to hash and to rehash for each call costs more. */
export class OpenCalls implements Iterable<Call> {
  #latest: Call | undefined;

  add(call: Call): void {
    call.before = this.#latest;
    if (this.#latest !== undefined) this.#latest.after = call;
    this.#latest = call;
  }

  /** Nothing happens to one that was never added. */
  delete(call: Call): void {
    const { before, after } = call;
    if (after !== undefined) after.before = before;
    else if (this.#latest === call) this.#latest = before;
    if (before !== undefined) before.after = after;
    call.before = call.after = undefined;
  }

  /** The latest first. */
  *[Symbol.iterator](): Iterator<Call> {
    for (let call = this.#latest; call !== undefined; call = call.before) yield call;
  }
}
