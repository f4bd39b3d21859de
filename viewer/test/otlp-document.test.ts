import { expect, test } from 'vitest';
import { otlpDocument } from '../src/otlp-document.ts';
import { readOtlpJson } from '../src/otlp-json.ts';
import type { ViewedSpan } from '../src/viewed-span.ts';

const SPAN: ViewedSpan = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentId: 'c'.repeat(16),
  name: 'chat',
  start: [1_767_225_600, 1],
  end: [1_767_225_601, 999_999_999],
  status: 2,
  message: 'It failed.',
  attributes: {
    text: '</script> Grüße 🚂',
    whole: 42,
    negative: -1,
    fraction: 0.25,
    huge: 1e300,
    truth: false,
    list: ['x', 1, [true]],
    map: { a: { b: 'c' } },
  },
  events: [{ name: 'e', time: [1_767_225_600, 5], attributes: { n: 1 } }],
  resource: { 'service.name': 'shop' },
};

test('a document is read as the spans that were written, open ones included', () => {
  const open: ViewedSpan = { ...SPAN, spanId: 'd'.repeat(16), end: SPAN.start, isOpen: true };
  expect(readOtlpJson(otlpDocument([SPAN, open])).spans).toEqual([SPAN, open]);
});

test('a document has the form of OTLP', () => {
  const { resourceSpans } = JSON.parse(otlpDocument([SPAN]));
  expect(resourceSpans).toMatchObject([
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeSpans: [
        {
          spans: [
            {
              parentSpanId: SPAN.parentId,
              startTimeUnixNano: '1767225600000000001',
              endTimeUnixNano: '1767225601999999999',
              status: { code: 2, message: 'It failed.' },
            },
          ],
        },
      ],
    },
  ]);
  const { attributes } = resourceSpans[0].scopeSpans[0].spans[0];
  expect(attributes).toContainEqual({ key: 'whole', value: { intValue: '42' } });
  expect(attributes).toContainEqual({ key: 'truth', value: { boolValue: false } });
});

test('a value that is nested without end is cut, and no other value', () => {
  const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);
  const { spans } = readOtlpJson(otlpDocument([{ ...SPAN, attributes: { deep, text: 'x' } }]));
  expect(JSON.stringify(spans[0]?.attributes.deep)).toBe(`${'['.repeat(100)}"…"${']'.repeat(100)}`);
  expect(spans[0]?.attributes.text).toBe('x');
});
