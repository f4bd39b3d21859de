import { MAX_READ } from '../../util/payload.ts';

/** What there was no room for, counted by id, since one list may follow another; up to a number that is worth telling. */
export class SkippedIds {
  #ids: Set<string> | undefined;

  get size(): number {
    return this.#ids?.size ?? 0;
  }

  add(id: string): void {
    this.#ids ??= new Set();
    if (this.#ids.size < MAX_READ) this.#ids.add(id);
  }
}
