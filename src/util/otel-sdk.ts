import { arrayField, field, fieldsOf } from './payload.ts';

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
