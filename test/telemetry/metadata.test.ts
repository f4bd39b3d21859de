import { INVALID_SPAN_CONTEXT, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { metadataIn, withMetadataIn, withMetadataOfContext } from '../../src/telemetry/metadata.ts';

const REMOTE: SpanContext = {
  traceId: '1'.repeat(32),
  spanId: '2'.repeat(16),
  traceFlags: 1,
  isRemote: true,
};

describe('metadata of one user is not that of others whose spans', () => {
  test.each([
    ['all have the context of the no-op span', INVALID_SPAN_CONTEXT],
    ['have that of their remote parent', REMOTE],
  ])('%s', (_, shared) => {
    const startSpan = () => trace.wrapSpanContext(shared);
    const parent = trace.setSpanContext(ROOT_CONTEXT, shared);
    const tracer = withMetadataOfContext({ startSpan });
    const span = tracer.startSpan('chat', {}, withMetadataIn(parent, { userId: 'user-1' }));
    expect(metadataIn(trace.setSpan(ROOT_CONTEXT, span))).toBeUndefined();
  });
});

test('the metadata of a span is found by a context with nothing but that span', () => {
  const startSpan = () => trace.wrapSpanContext({ ...REMOTE, isRemote: false });
  const tracer = withMetadataOfContext({ startSpan });
  const span = tracer.startSpan('chat', {}, withMetadataIn(ROOT_CONTEXT, { userId: 'user-1' }));
  expect(metadataIn(trace.setSpan(ROOT_CONTEXT, span))).toEqual({ 'user.id': 'user-1' });
});
