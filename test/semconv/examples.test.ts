import { describe, expect, test } from 'vitest';
import { loadExamples } from '../../scripts/semconv/example.ts';
import { checkAttributes, checkPresence } from '../support/conventions/attributes.ts';
import { checkLogRecord, checkSpan } from '../support/conventions/check.ts';
import { registry } from '../support/conventions/registry.ts';

const examples = loadExamples();
const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'];

function isFailed(attributes: Readonly<Record<string, unknown>>): boolean {
  return 'error.type' in attributes;
}

test('every signal has an example, and every example a signal', () => {
  expect(Object.keys(examples.spans).sort()).toEqual(registry.spans.map(({ id }) => id).sort());
  expect(Object.keys(examples.metrics).sort()).toEqual(registry.metrics.map(({ name }) => name).sort());
  expect(Object.keys(examples.events).sort()).toEqual(registry.events.map(({ name }) => name).sort());
});

describe('every example follows the registry', () => {
  test.each(registry.spans)('span $id', ({ id, kind }) => {
    const { name, attributes } = examples.spans[id] ?? { name: '', attributes: {} };
    const status = { code: isFailed(attributes) ? 2 : 0 };
    const span = { name, kind: KINDS.indexOf(kind), attributes, status, events: [], links: [] };
    expect(checkSpan(span)).toEqual([]);
  });

  test.each(registry.metrics)('metric $name', ({ name, attributes: uses }) => {
    const { attributes = {} } = examples.metrics[name] ?? {};
    expect(checkAttributes(attributes, uses, name)).toEqual([]);
    expect(checkPresence(attributes, uses, false)).toEqual([]);
  });

  test.each(registry.events)('event $name', ({ name, onSpan, severity, attributes: uses }) => {
    const { attributes = {} } = examples.events[name] ?? {};
    if (onSpan) {
      expect(checkAttributes(attributes, uses, name)).toEqual([]);
      expect(checkPresence(attributes, uses, isFailed(attributes))).toEqual([]);
      return;
    }
    const record = {
      eventName: name,
      attributes,
      ...(severity === undefined ? {} : { severityNumber: severity }),
    };
    expect(checkLogRecord(record)).toEqual([]);
  });
});
