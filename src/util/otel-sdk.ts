import { arrayField, field, fieldsOf, objectField } from './payload.ts';

/*
 * Reads private fields of OpenTelemetry's SDK 2.x and 3.x, because no API exposes them. Providers and processors of
 * other packages lack them. `clock.ts` reads the private fields of spans.
 */

/** The span processors of a provider, or the provider itself if they are not found. */
export function processorsOf(provider: object): object[] {
  const found = arrayField(field(provider, '_activeSpanProcessor'), '_spanProcessors').filter(isProcessor);
  return found.length > 0 ? found : [provider];
}

function logProcessorsOf(provider: object): object[] {
  return arrayField(field(field(provider, '_sharedState'), 'activeProcessor'), 'processors').filter(
    isProcessor,
  );
}

function isProcessor(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** The exporters of a processor, or of a provider of metrics or logs. */
export function exportersOf(target: object): object[] {
  const readers = arrayField(field(target, '_sharedState'), 'metricCollectors').map((each) =>
    field(each, '_metricReader'),
  );
  return [target, ...logProcessorsOf(target), ...readers]
    .map((each) => field(each, '_exporter'))
    .filter(isProcessor);
}

/** The endpoints to which a processor or provider sends, unless another exporter wraps its exporter. */
export function endpointsOf(target: object): string[] {
  return exportersOf(target).flatMap((exporter) => {
    const { address, url } = fieldsOf(transportParameters(exporter));
    // In this order: the endpoint of Zipkin, of OTLP over HTTP, of OTLP over gRPC.
    const endpoint = field(exporter, '_urlStr') ?? url ?? address;
    if (typeof endpoint !== 'string') return [];
    // Without a port, gRPC uses that of https.
    return [endpoint !== address || /:\d+$/.test(endpoint) ? endpoint : `${endpoint}:443`];
  });
}

export function isSending(processor: object): boolean {
  return exportersOf(processor).some((exporter) => {
    const queue = field(field(exporter, '_delegate'), '_promiseQueue') ?? exporter;
    return arrayField(queue, '_sendingPromises').length > 0;
  });
}

/** The function with which an OTLP exporter writes the body of a request. */
export function serializerOf(exporter: object): ((spans: readonly object[]) => Uint8Array) | undefined {
  const serializer = field(field(exporter, '_delegate'), '_serializer');
  const serialize = field(serializer, 'serializeRequest');
  return typeof serialize === 'function' ? serialize.bind(serializer) : undefined;
}

/** The options of an OTLP exporter. Over HTTP, a transport that retries wraps the one that sends. */
function transportParameters(exporter: object): unknown {
  const transport = field(field(exporter, '_delegate'), '_transport');
  return field(field(transport, '_transport') ?? transport, '_parameters');
}

/** A batching processor of spans or log records whose exporter sends over OTLP/HTTP. */
export interface HttpQueue {
  readonly processor: object;
  readonly exporter: object;
  readonly url: string;
  readonly compression: unknown;
  readonly serialize: (items: readonly object[]) => Uint8Array;
  /** How many spans or log records wait. Those that the exporter already has do not count. */
  readonly length: number;
  /** Removes what waits, in batches of the size that the processor exports. */
  take(): object[][];
  putBack(items: readonly object[]): void;
  headers(): Promise<unknown>;
  /** The certificates and the key for `https:`. */
  tls(): Promise<unknown>;
}

export function httpQueuesOf(provider: object): HttpQueue[] {
  return [...processorsOf(provider), ...logProcessorsOf(provider)].flatMap(
    (processor) => httpQueueOf(processor) ?? [],
  );
}

function httpQueueOf(processor: object): HttpQueue | undefined {
  const exporter = objectField(processor, '_exporter');
  if (exporter === undefined) return undefined;
  const serialize = serializerOf(exporter);
  const parameters = transportParameters(exporter);
  const { url, compression } = fieldsOf(parameters);
  if (serialize === undefined || typeof url !== 'string') return undefined;
  const queue = (): object[] =>
    (field(processor, '_finishedSpans') ?? field(processor, '_finishedLogRecords') ?? []) as object[];
  return {
    processor,
    exporter,
    url,
    compression,
    serialize,
    get length() {
      return queue().length;
    },
    take() {
      const size = Number(field(processor, '_maxExportBatchSize')) || queue().length;
      const batches: object[][] = [];
      while (queue().length > 0) batches.push(queue().splice(0, size));
      return batches;
    },
    putBack: (items) => void queue().push(...items),
    headers: async () => callField(parameters, 'headers'),
    tls: async () =>
      field(parameters, 'agentOptions') ??
      field(await callField(parameters, 'agentFactory', 'https:'), 'options'),
  };
}

function callField(target: unknown, name: string, ...args: unknown[]): unknown {
  const method = field(target, name);
  return typeof method === 'function' ? method.apply(target, args) : undefined;
}

/** How many spans wait in a batching processor, or in the fullest one of a provider. */
export function countQueuedSpans(target: object): number {
  return Math.max(...processorsOf(target).map((processor) => arrayField(processor, '_finishedSpans').length));
}

/** The SDK's limit for each text in the attributes of a span, or of the log records of a logger provider. */
export function textLimitOf(target: object | undefined): number {
  const limits = field(target, '_spanLimits') ?? field(field(target, '_sharedState'), 'logRecordLimits');
  const limit = field(limits, 'attributeValueLengthLimit');
  return typeof limit === 'number' && limit > 0 ? limit : Number.POSITIVE_INFINITY;
}
