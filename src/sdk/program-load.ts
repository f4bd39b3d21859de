/** From so many unanswered requests of the program on, a server is busy. */
const MAX_REQUESTS_BESIDE_READS = 4;

/** Servers without requests under way are kept up to here: to forget each between two requests costs more. */
const MAX_IDLE_SERVERS = 100;

interface Load {
  /** The program's requests that are not answered yet. */
  requests: number;
  waiting: Set<() => void> | undefined;
}

/** By origin. */
const loads = new Map<string, Load>();

/** Called when the program sends a request. */
export function requestBegan(origin: string): void {
  const load = loads.get(origin);
  if (load !== undefined) load.requests++;
  else {
    if (loads.size >= MAX_IDLE_SERVERS) forgetIdle();
    loads.set(origin, { requests: 1, waiting: undefined });
  }
}

function forgetIdle(): void {
  for (const [origin, { requests }] of loads) if (requests === 0) loads.delete(origin);
}

/** Called once for each request that began: when its answer begins, or when it fails. */
export function requestAnswered(origin: string): void {
  const load = loads.get(origin);
  if (load === undefined) return;
  load.requests--;
  const { waiting } = load;
  if (waiting === undefined || load.requests >= MAX_REQUESTS_BESIDE_READS) return;
  load.waiting = undefined;
  for (const go of waiting) go();
}

/**
 * Whether the program itself keeps the server busy.
 *
 * @param quiet called once, when that is over
 */
export function isBusy(origin: string, quiet: () => void): boolean {
  const load = loads.get(origin);
  if (load === undefined || load.requests < MAX_REQUESTS_BESIDE_READS) return false;
  load.waiting ??= new Set();
  load.waiting.add(quiet);
  return true;
}
