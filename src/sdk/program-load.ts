/** Servers without requests under way are kept up to here: to forget each between two requests costs more. */
const MAX_IDLE_SERVERS = 100;

/** The program's requests that are not answered yet, by origin. */
const underWay = new Map<string, number>();

/** Called when the program sends a request. */
export function requestBegan(origin: string): void {
  const count = underWay.get(origin);
  if (count === undefined && underWay.size >= MAX_IDLE_SERVERS) forgetIdle();
  underWay.set(origin, (count ?? 0) + 1);
}

function forgetIdle(): void {
  for (const [origin, count] of underWay) if (count === 0) underWay.delete(origin);
}

/** Called once for each request that began: when its answer begins, or when it fails. */
export function requestAnswered(origin: string): void {
  underWay.set(origin, (underWay.get(origin) ?? 1) - 1);
}

export function requestsUnderWay(origin: string): number {
  return underWay.get(origin) ?? 0;
}
