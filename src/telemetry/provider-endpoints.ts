import { exporterOf, QUEUE_FIELD, SENDING_FIELD, ZIPKIN_ENDPOINT_FIELD } from '../util/otel-sdk.ts';

/** Enough for a provider with many processors. Bounds the search. */
const MAX_OBJECTS = 2_000;
const MAX_FIELD_DEPTH = 12;

const ZIPKIN_FIELDS: ReadonlySet<string> = new Set([ZIPKIN_ENDPOINT_FIELD]);
/** The fields in which the exporters of SDK 2.x and 3.x keep their endpoint: OTLP over HTTP, OTLP over gRPC, and Zipkin. */
const ENDPOINT_FIELDS: ReadonlySet<string> = new Set(['url', 'address', ...ZIPKIN_FIELDS]);
const GRPC_FIELD = 'grpcPath';

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

/** Whether the exporter of a processor waits for an answer. */
export function isSending(processor: object): boolean {
  let waits = false;
  visitFields(exporterOf(processor), (name, value) => {
    if (name === SENDING_FIELD && Array.isArray(value) && value.length > 0) waits = true;
  });
  return waits;
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
        if (typeof value !== 'object' || value === null || seen.has(value)) continue;
        // A full queue would use up the search.
        if (name === QUEUE_FIELD) continue;
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
