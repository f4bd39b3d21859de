import { MAX_REPEATED } from './payload.ts';

/** Drops the oldest of what a peer may never end. */
export function keepNewest<Key>(known: Map<Key, unknown> | Set<Key>): void {
  for (const oldest of known.keys()) {
    if (known.size <= MAX_REPEATED) return;
    known.delete(oldest);
  }
}
