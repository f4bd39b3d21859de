/** Enough for a provider with many processors. Bounds the search. */
const MAX_OBJECTS = 2_000;
const MAX_FIELD_DEPTH = 12;

/** The field in which Zipkin's exporter keeps its endpoint. */
const ZIPKIN_FIELDS: ReadonlySet<string> = new Set(['_urlStr']);
/** The fields in which the exporters of SDK 2.x and 3.x keep their endpoint: OTLP over HTTP, OTLP over gRPC, and Zipkin. */
const ENDPOINT_FIELDS: ReadonlySet<string> = new Set(['url', 'address', ...ZIPKIN_FIELDS]);
/** The field in which these exporters keep what waits for an answer. */
const SENDING_FIELD = '_sendingPromises';
const GRPC_FIELD = 'grpcPath';
/** The field of the spans that wait in a processor. A full queue would use up the search. */
const QUEUE_FIELD = '_finishedSpans';

/** The endpoints that a provider or a processor sends to. */
export function endpointsIn(root: object, fields: ReadonlySet<string> = ENDPOINT_FIELDS): string[] {
  const endpoints = new Set<string>();
  visitFields(root, (name, value) => {
    if (fields.has(name) && isEndpoint(value)) endpoints.add(value);
  });
  return [...endpoints];
}

/** The endpoints of Zipkin's exporters, whose requests have no timeout. */
export function zipkinEndpointsIn(root: object): string[] {
  return endpointsIn(root, ZIPKIN_FIELDS);
}

/** Whether an exporter of a provider or a processor waits for an answer. */
export function isSendingIn(root: object): boolean {
  let isSending = false;
  visitFields(root, (name, value) => {
    if (name === SENDING_FIELD && Array.isArray(value) && value.length > 0) isSending = true;
  });
  return isSending;
}

/** Whether a processor sends over gRPC. Its exporters keep the name of their method. */
export function sendsOverGrpc(processor: object): boolean {
  let isGrpc = false;
  visitFields(processor, (name) => {
    if (name === GRPC_FIELD) isGrpc = true;
  });
  return isGrpc;
}

/** Visits all fields below an object without calling any code, since no API exposes what is looked for. */
function visitFields(root: object, visit: (name: string, value: unknown) => void): void {
  const seen = new Set<object>([root]);
  let level: object[] = [root];
  for (let depth = 0; depth < MAX_FIELD_DEPTH && level.length > 0; depth++) {
    const next: object[] = [];
    for (const each of level) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(each))) {
        visit(name, value);
        if (typeof value !== 'object' || value === null || seen.has(value) || name === QUEUE_FIELD) continue;
        if (seen.size >= MAX_OBJECTS || ArrayBuffer.isView(value)) continue;
        seen.add(value);
        next.push(value);
      }
    }
    level = next;
  }
}

function isEndpoint(value: unknown): value is string {
  return (
    typeof value === 'string' && /^(?:https?:\/\/)?[\w.[\]:@-]+:\d+(?:\/|$)|^https?:\/\/[^/]+/.test(value)
  );
}
