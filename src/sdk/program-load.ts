/** From so many unanswered requests of the program on, a server is busy. */
const MAX_REQUESTS_BESIDE_READS = 4;

interface Load {
  /** The program's requests that are not answered yet. */
  requests: number;
  readonly waiting: Set<() => void>;
}

/** By origin; only of servers with requests under way. */
const loads = new Map<string, Load>();

/** Called when the program sends a request. */
export function requestBegan(origin: string): void {
  const load = loads.get(origin);
  if (load === undefined) loads.set(origin, { requests: 1, waiting: new Set() });
  else load.requests++;
}

/** Called once for each request that began: when its answer begins, or when it fails. */
export function requestAnswered(origin: string): void {
  const load = loads.get(origin);
  if (load === undefined) return;
  load.requests--;
  if (load.requests === 0) loads.delete(origin);
  if (load.requests >= MAX_REQUESTS_BESIDE_READS) return;
  for (const go of [...load.waiting]) {
    load.waiting.delete(go);
    go();
  }
}

/**
 * Whether the program itself keeps the server busy.
 *
 * @param quiet called once, when that is over
 */
export function isBusy(origin: string, quiet: () => void): boolean {
  const load = loads.get(origin);
  if (load === undefined || load.requests < MAX_REQUESTS_BESIDE_READS) return false;
  load.waiting.add(quiet);
  return true;
}
