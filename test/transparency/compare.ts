import type { ReceivedRequest } from '../support/simulator/index.ts';

/**
 * A value with what differs from run to run by its nature replaced: ports, times of day, random identifiers and
 * the boundaries of multipart bodies. All else is compared as it is.
 */
export function steady(value: unknown): unknown {
  if (typeof value === 'string') return steadyText(value);
  if (Array.isArray(value)) return steadyItems(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, isVolatile(key, item) ? 'volatile' : steady(item)]),
  );
}

/** Also the entries of headers: `["date", "…"]`. */
function steadyItems(items: readonly unknown[]): unknown[] {
  if (items.length === 2 && isVolatile(String(items[0]), items[1])) return [items[0], 'volatile'];
  return items.map(steady);
}

function isVolatile(key: string, value: unknown): boolean {
  return key === 'date' || (/^(created|.*_at|localPort|remotePort)$/.test(key) && typeof value === 'number');
}

const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\b(127\.0\.0\.1|localhost):\d+/g, '$1:port'],
  [/("(?:created|\w+_at)":)\d+/g, '$1"volatile"'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'uuid'],
];

function steadyText(text: string): string {
  return VOLATILE.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}

/**
 * What the server saw, with the boundary that is made up for each multipart body taken out. Whether it saw the
 * client leave is compared where a program asks for it: the SDK also cancels bodies it does not need, and whether
 * a small one is sent by then is a race in every run.
 */
export function steadyRequests(requests: readonly ReceivedRequest[], anyOrder: boolean): unknown[] {
  const shown = requests.map(({ method, path, headers, body }) => {
    const boundary = /boundary="?([^";]+)/.exec(headers['content-type'] ?? '')?.[1];
    const text = JSON.stringify({ method, path, headers, body });
    return steady(JSON.parse(boundary === undefined ? text : text.replaceAll(boundary, 'boundary')));
  });
  return anyOrder ? shown.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : shown;
}

const MOST_SHOWN = 5;

/** Where two values differ, one line for each of the first few places. */
export function differences(plain: unknown, instrumented: unknown): string[] {
  const found: string[] = [];
  collect(plain, instrumented, '', found);
  return found.slice(0, MOST_SHOWN);
}

function collect(plain: unknown, instrumented: unknown, path: string, found: string[]): void {
  if (isObject(plain) && isObject(instrumented) && Array.isArray(plain) === Array.isArray(instrumented)) {
    const keys = new Set([...Object.keys(plain), ...Object.keys(instrumented)]);
    for (const key of keys) collect(plain[key], instrumented[key], `${path}.${key}`, found);
    const [one, other] = [Object.keys(plain), Object.keys(instrumented)];
    if (found.length === 0 && one.join() !== other.join()) found.push(`${path}: ${one} became ${other}`);
  } else if (!Object.is(plain, instrumented)) {
    found.push(`${path.slice(1)}: ${show(plain)} became ${show(instrumented)}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 300);
}
