import { arrayField, countField, field, fieldsOf } from './payload.ts';

/*
 * The private fields of OpenTelemetry's SDK 2.x and 3.x that we read, because no API exposes them. Providers and
 * processors of other packages lack them. `span-clock.ts` reads those of spans.
 */

/** In which Zipkin's exporter keeps its endpoint. */
export const ZIPKIN_ENDPOINT_FIELD = '_urlStr';
/** In which exporters keep what waits for an answer. */
export const SENDING_FIELD = '_sendingPromises';
/** In which batching processors keep the spans that wait. */
export const QUEUE_FIELD = '_finishedSpans';

/** The span processors of a provider, or the provider itself if they are not found. */
export function processorsOf(provider: object): object[] {
  const found = arrayField(field(provider, '_activeSpanProcessor'), '_spanProcessors').filter(isProcessor);
  return found.length > 0 ? found : [provider];
}

export function logProcessorsOf(provider: object): object[] {
  return arrayField(field(field(provider, '_sharedState'), 'activeProcessor'), 'processors').filter(
    isProcessor,
  );
}

function isProcessor(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** The exporter of a processor, or an object without fields. */
export function exporterOf(processor: object): object {
  return fieldsOf(field(processor, '_exporter'));
}

/** How many spans wait in a batching processor, or in the fullest one of a provider. */
export function countQueuedSpans(target: object): number {
  return Math.max(...processorsOf(target).map((processor) => arrayField(processor, QUEUE_FIELD).length));
}

/** How much a batching processor sends at once. */
export function batchSizeOf(processor: object): number | undefined {
  return countField(processor, '_maxExportBatchSize');
}
