import { describe, expect, it } from 'vitest';
import { addedNames, withoutAdded } from './added-names.ts';
import { causesOf, describeCause, type Found } from './causes.ts';
import { differencesOf } from './differences.ts';
import { type Intended, judge, readIntended } from './intended.ts';
import { NOTHING, type Outcome, type SpanData } from './outcome.ts';
import { steadyOutcome } from './steady.ts';

let started = 0;

/** A span of a trace whose ids and times are others in every run. */
function span(name: string, parent?: SpanData, attributes: SpanData['attributes'] = {}): SpanData {
  const spanId = Math.random().toString(16).slice(2).padEnd(16, '0').slice(0, 16);
  const traceId = parent?.traceId ?? spanId + spanId;
  const start = `1795000000.${String(++started).padStart(9, '0')}`;
  return {
    ...{ name, kind: 0, scope: 'ours', traceId, spanId, parentId: parent?.spanId ?? '', start },
    ...{ status: { code: 0, message: '' }, attributes, events: [], links: [] },
  };
}

const POINT = { name: 'tokens', unit: '{token}', attributes: { port: 1 }, count: 1, sum: 10 };
const REQUEST = { method: 'GET', path: '/v1/files', headers: {}, body: null };

function outcome(change: (parts: { root: SpanData; chat: SpanData; tool: SpanData }) => object = () => ({})) {
  const root = span('run');
  const chat = span('chat', root, { 'gen_ai.response.id': 'resp_1', 'server.port': Math.random() });
  const tool = span('tool', chat);
  const recorded: Outcome = {
    ...NOTHING,
    ...{ spans: [root, chat, tool], metrics: [POINT], requests: [REQUEST], stderr: 'One.\n' },
    ...change({ root, chat, tool }),
  };
  return steadyOutcome(recorded, '/somewhere');
}

describe('what differs between two outcomes', () => {
  it('is nothing where only ids, times and ports do', () => {
    expect(differencesOf(outcome(), outcome())).toEqual([]);
  });

  it.each<[string, Parameters<typeof outcome>[0], object]>([
    [
      'an attribute that is gone',
      ({ root, chat, tool }) => ({ spans: [root, { ...chat, attributes: { 'server.port': 2 } }, tool] }),
      { subject: 'span chat', field: 'gen_ai.response.id', reference: 'resp_1', candidate: 'absent' },
    ],
    [
      'a request more',
      () => ({ requests: [REQUEST, REQUEST] }),
      { subject: 'request GET /v1/files', field: '', reference: 'absent', candidate: 'present' },
    ],
    [
      'a metric that is counted twice',
      () => ({ metrics: [{ ...POINT, count: 2, sum: 10 }] }),
      { subject: 'metric tokens', field: 'count', reference: '1', candidate: '2' },
    ],
    [
      'a line more',
      () => ({ stderr: 'One.\nTwo.\n' }),
      { subject: 'stderr', field: '', reference: 'absent', candidate: 'Two.' },
    ],
    [
      'a result',
      () => ({ result: { text: 'No.' } }),
      { subject: 'result', field: 'text', reference: 'absent', candidate: 'No.' },
    ],
  ])('is %s', (_, change, difference) => {
    expect(differencesOf(outcome(), outcome(change))).toContainEqual(difference);
  });

  it('is the parent of a span that stands elsewhere, and the children of both parents', () => {
    const moved = outcome(({ root, chat, tool }) => ({
      spans: [root, chat, { ...tool, parentId: root.spanId }],
    }));
    expect(differencesOf(outcome(), moved).map(({ subject, field }) => `${subject} ${field}`)).toEqual([
      'span run order of children',
      'span chat order of children',
      'span tool parent',
    ]);
  });
});

const FOUND: readonly Found[] = ['one', 'two'].map((program) => ({
  ...{ program, place: 'here', subject: 'span chat', field: 'id', reference: '1', candidate: 'absent' },
}));

describe('the same difference in several places', () => {
  it('is one line with a count', () => {
    expect(causesOf(FOUND).map(describeCause)).toEqual([
      '2 × span chat: id "1" → "absent" (one and 1 more programs; here)',
    ]);
  });
});

describe('a difference that is meant', () => {
  const programs = new Set(['one', 'two']);
  const { place: _, ...values } = FOUND[0] as Found;
  const byValues: Intended = { ...values, why: 'So.' };
  const byCount = (count: number): Intended => ({
    ...{ subject: 'span', field: 'id', count: { quick: count }, why: 'So.' },
  });

  it('is named by its values in one program, or by how often it is there', () => {
    expect(judge(FOUND, [byValues], 'quick', programs)).toEqual({ unintended: FOUND.slice(1), stale: [] });
    expect(judge(FOUND, [byCount(2)], 'quick', programs)).toEqual({ unintended: [], stale: [] });
  });

  it('is not named by another number, or in a comparison of another extent', () => {
    expect(judge(FOUND, [byCount(3)], 'quick', programs)).toEqual({ unintended: FOUND, stale: [byCount(3)] });
    expect(judge(FOUND, [byCount(2)], 'all', programs)).toEqual({ unintended: FOUND, stale: [] });
  });

  it('is reported when it is not there any more', () => {
    expect(judge([], [byValues], 'quick', programs).stale).toEqual([byValues]);
    expect(judge([], [byValues], 'quick', new Set()).stale).toEqual([]);
  });

  it('is not named by less', () => {
    expect(() => readIntended('- { program: one, field: id, why: So. }')).toThrow('An entry has either');
    expect(() =>
      readIntended('- { program: one, subject: a, field: b, reference: 1, candidate: "2", why: So. }'),
    ).toThrow('reference of an entry is 1: write it in quotes.');
  });
});

describe('a name that only the registry of the candidate has', () => {
  const added = addedNames(
    '| `gen_ai.response.id` |',
    '`gen_ai.response.id`, `openai.verbosity` and `openai.spoke`',
  );
  /** What differs if the candidate's span, metric and log records also have these. */
  function differencesWith(change: Parameters<typeof outcome>[0]): unknown[] {
    return differencesOf(outcome(), withoutAdded(outcome(change), added));
  }

  it('is read from the documentation of both', () => {
    expect([...added]).toEqual(['openai.verbosity', 'openai.spoke']);
  });

  it('is no difference as an attribute of a span, an event or a metric', () => {
    const event = { name: 'openai.spoke', attributes: { words: 1 } };
    const metric = { ...POINT, name: 'openai.verbosity' };
    expect(
      differencesWith(({ root, chat, tool }) => ({
        spans: [
          { ...root, events: [event] },
          { ...chat, attributes: { ...chat.attributes, 'openai.verbosity': 'low' } },
          tool,
        ],
        metrics: [{ ...POINT, attributes: { ...POINT.attributes, 'openai.verbosity': 'low' } }, metric],
        logs: [{ name: 'openai.spoke', severity: 9, body: {}, attributes: {}, spanId: '' }],
      })),
    ).toEqual([]);
  });

  it('is a difference where it changes something else', () => {
    const points = ['low', 'high'].map((verbosity) => ({
      ...POINT,
      attributes: { ...POINT.attributes, 'openai.verbosity': verbosity },
    }));
    expect(differencesWith(() => ({ metrics: points }))).toEqual([
      { subject: 'metric tokens', field: '', reference: 'absent', candidate: 'present' },
    ]);
  });

  it('hides no other attribute', () => {
    expect(
      differencesWith(({ root, chat, tool }) => ({
        spans: [{ ...root, attributes: { 'openai.unknown': 1 } }, chat, tool],
      })),
    ).toEqual([{ subject: 'span run', field: 'openai.unknown', reference: 'absent', candidate: '1' }]);
  });
});
