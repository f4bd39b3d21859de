import { arrayField, field } from '../util/payload.ts';
import { isSendingIn } from './provider-endpoints.ts';

/** The span processors of a provider, or the provider itself if they are not found. Views are flushed without a collector. */
export function processorsOf(provider: object): object[] {
  const processors = arrayField(field(provider, '_activeSpanProcessor'), '_spanProcessors');
  const found = processors.filter((each) => typeof each === 'object' && each !== null);
  return found.length === 0 ? [provider] : found;
}

/** The log record processors of a provider of SDK 2.x or 3.x. */
export function logProcessorsOf(provider: object): object[] {
  const processors = arrayField(field(field(provider, '_sharedState'), 'activeProcessor'), 'processors');
  return processors.filter((each) => typeof each === 'object' && each !== null);
}

/** Whether the exporter of a processor waits for an answer. */
export function isSending(processor: object): boolean {
  const exporter = field(processor, '_exporter');
  return typeof exporter === 'object' && exporter !== null && isSendingIn(exporter);
}

export function countQueuedSpans(provider: object): number {
  return Math.max(0, ...processorsOf(provider).map(countQueued));
}

/** The batching processors of SDK 2.x and 3.x keep their queue in this field. No API exposes its length. */
export function countQueued(processor: object): number {
  return arrayField(processor, '_finishedSpans').length;
}
