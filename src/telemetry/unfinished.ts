const unfinished = new WeakSet<object>();

/** Marks what was accumulated of a stream that was left, aborted or broken off. */
export function markUnfinished(answer: unknown): void {
  if (typeof answer === 'object' && answer !== null) unfinished.add(answer);
}

/** Whether the answer is only the part of a stream that was read. */
export function isUnfinished(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && unfinished.has(answer);
}
