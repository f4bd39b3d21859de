/** Enough for a provider with many processors. Bounds the search. */
const MAX_OBJECTS = 2_000;
const MAX_ENDPOINT_DEPTH = 12;

/** The fields in which the exporters of SDK 2.x and 3.x keep their endpoint: OTLP over HTTP, and over gRPC. */
const ENDPOINT_FIELDS: ReadonlySet<string> = new Set(['url', 'address']);

/**
 * The endpoints that a provider or a processor sends to. No API exposes them, so this searches the fields of the objects
 * without calling any code.
 */
export function endpointsIn(root: object): string[] {
  const endpoints = new Set<string>();
  const seen = new Set<object>([root]);
  let level: object[] = [root];
  for (let depth = 0; depth < MAX_ENDPOINT_DEPTH && level.length > 0; depth++) {
    const next: object[] = [];
    for (const each of level) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(each))) {
        if (ENDPOINT_FIELDS.has(name) && isEndpoint(value)) endpoints.add(value);
        if (typeof value !== 'object' || value === null || seen.has(value)) continue;
        if (seen.size >= MAX_OBJECTS || ArrayBuffer.isView(value)) continue;
        seen.add(value);
        next.push(value);
      }
    }
    level = next;
  }
  return [...endpoints];
}

function isEndpoint(value: unknown): value is string {
  return (
    typeof value === 'string' && /^(?:https?:\/\/)?[\w.[\]:@-]+:\d+(?:\/|$)|^https?:\/\/[^/]+/.test(value)
  );
}
