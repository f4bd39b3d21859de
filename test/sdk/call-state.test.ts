import { describe, expect, test } from 'vitest';
import {
  advance,
  type CallAction,
  type CallEvent,
  type CallState,
  isEndedLate,
  isSentAgain,
} from '../../src/sdk/call-state.ts';

function newState(): CallState {
  return {
    phase: 'made',
    attemptCount: 0,
    streamed: false,
    hidesUsage: false,
    indirect: false,
    requested: false,
    rawRequested: false,
    read: false,
    outcome: undefined,
    streamEnd: undefined,
  };
}

type Step = CallEvent | readonly [event: CallEvent, ...actions: readonly CallAction[]];

interface Row {
  /** Events, each with the actions that follow. Events alone have none. */
  readonly steps: readonly Step[];
  readonly becomes: Partial<CallState>;
}

const END: readonly CallAction[] = ['settle', 'forget'];
const END_WATCHED: readonly CallAction[] = ['settle', 'unwatch', 'forget'];
const FOLLOW: readonly CallAction[] = ['unwatch', 'follow'];

const SENT: readonly Step[] = ['sent', 'asked', 'answered', 'parsing'];
const STREAMING: readonly Step[] = [
  'sent',
  'stream requested',
  'asked',
  'answered',
  'parsing',
  ['stream', 'watch'],
];
const READ: readonly Step[] = [...STREAMING, ['read', 'watch']];
const REPLACED: readonly Step[] = [['replaced', 'watch'], 'sent'];

/** The rows are the behaviours of the transparency matrix, and what can happen in between. */
const PROMISES: Readonly<Record<string, Row>> = {
  'whose value is awaited': {
    steps: [...SENT, ['value', ...END]],
    becomes: { phase: 'settled', outcome: 'value', streamEnd: undefined },
  },
  'that is awaited twice': {
    steps: ['sent', 'asked', 'asked', 'answered', 'parsing', ['value', ...END], 'asked', 'parsing', 'value'],
    becomes: { phase: 'settled', outcome: 'value' },
  },
  'that is awaited late': {
    steps: ['sent', ['answered', 'watch'], 'asked', ['parsing', 'unwatch'], ['value', ...END]],
    becomes: { phase: 'settled', outcome: 'value' },
  },
  'that is asked for late, and not parsed yet': {
    steps: ['sent', ['answered', 'watch'], 'asked'],
    becomes: { phase: 'answered', requested: false },
  },
  'whose value and response are wanted': {
    // `withResponse` calls `parse` and then `asResponse`, which sees that the result is being parsed.
    steps: ['sent', 'asked', 'claimed', 'answered', 'parsing', ['value', ...END]],
    becomes: { outcome: 'value' },
  },
  'whose raw response is wanted': {
    steps: ['sent', 'claimed', 'raw asked', ['answered', ...END_WATCHED]],
    becomes: { phase: 'settled', outcome: 'raw', requested: false },
  },
  'whose raw response is wanted once it is there': {
    steps: ['sent', ['answered', 'watch'], 'claimed', ['raw asked', ...END_WATCHED]],
    becomes: { outcome: 'raw' },
  },
  'whose raw response is wanted, then the value': {
    steps: ['sent', 'raw asked', 'asked', 'answered', 'parsing', ['value', ...END]],
    becomes: { outcome: 'value', rawRequested: false },
  },
  'whose value is wanted, then the raw response': {
    steps: ['sent', 'asked', 'raw asked', ['answered', ...END], 'parsing', 'value'],
    becomes: { outcome: 'raw', rawRequested: true },
  },
  'whose raw response is wanted while the SDK parses': {
    steps: [...SENT, ['raw asked', ...END], 'value'],
    becomes: { outcome: 'raw' },
  },
  'whose raw response is taken, then parsed': {
    steps: [
      'sent',
      'raw asked',
      ['answered', ...END_WATCHED],
      'asked',
      'answered',
      ['parsing', 'unwatch'],
      'value',
    ],
    becomes: { phase: 'settled', outcome: 'raw' },
  },
  'that another instrumentation watches': {
    steps: ['sent', 'claimed', 'asked', 'answered', 'parsing', ['value', ...END]],
    becomes: { outcome: 'value', rawRequested: false },
  },
  'that nobody asks for and that is collected': {
    steps: ['sent', ['answered', 'watch'], ['abandoned', ...END_WATCHED]],
    becomes: { phase: 'settled', outcome: 'abandoned', streamEnd: undefined },
  },
  'that nobody asks for before a flush': {
    steps: ['sent', 'idle', ['answered', 'watch'], ['idle', ...END_WATCHED], 'idle'],
    becomes: { phase: 'settled', outcome: 'abandoned' },
  },
  'that the program waits for during a flush': {
    steps: ['sent', 'asked', 'idle', 'answered', 'idle', 'parsing', 'idle', ['value', ...END]],
    becomes: { outcome: 'value' },
  },
  'that fails': {
    steps: ['sent', 'asked', ['failed', ...END], 'interrupted'],
    becomes: { phase: 'settled', outcome: 'error' },
  },
  'that fails unheard': { steps: ['sent', ['failed', ...END_WATCHED]], becomes: { outcome: 'error' } },
  'that fails after an abort': {
    steps: ['sent', 'asked', ['failed after an abort', ...END]],
    becomes: { outcome: 'error', streamEnd: undefined },
  },
  'that is sent once': {
    steps: ['sent', 'asked', 'attempted', 'answered', 'parsing', ['value', ...END]],
    becomes: { attemptCount: 1 },
  },
  'that is sent again before it is answered': {
    steps: ['sent', 'asked', 'attempted', 'attempted', 'answered', 'parsing', ['value', ...END]],
    becomes: { attemptCount: 2, outcome: 'value' },
  },
  'whose answer cannot be parsed': { steps: [...SENT, ['failed', ...END]], becomes: { outcome: 'error' } },
  'that sends nothing': { steps: ['sent', ['abandoned', ...END_WATCHED]], becomes: { outcome: 'abandoned' } },
  'that is sent again while the SDK parses': {
    steps: ['attempted', ...SENT, 'attempted', 'answered', ['value', ...END]],
    becomes: { phase: 'settled', outcome: 'value', attemptCount: 2 },
  },
  'that is sent again while the SDK parses, and fails': {
    steps: [...SENT, ['failed', ...END], 'answered'],
    becomes: { phase: 'settled', outcome: 'error' },
  },
  'that is answered twice before anybody asks': {
    steps: ['sent', ['answered', 'watch'], ['answered', 'watch']],
    becomes: { phase: 'answered' },
  },
};

const INTERRUPTED: Readonly<Record<string, Row & { readonly isLate: boolean }>> = {
  'before it is sent': {
    steps: [['interrupted', ...END_WATCHED], 'sent', 'answered'],
    becomes: { phase: 'settled', outcome: 'interrupted' },
    isLate: true,
  },
  'while the program waits': {
    steps: ['sent', 'asked', ['interrupted', ...END], 'answered', 'value'],
    becomes: { outcome: 'interrupted', streamEnd: undefined },
    isLate: false,
  },
  'while the SDK parses': {
    steps: [...SENT, ['interrupted', ...END]],
    becomes: { outcome: 'interrupted' },
    isLate: false,
  },
  'when nobody has asked for the answer': {
    steps: ['sent', ['answered', 'watch'], ['interrupted', ...END_WATCHED]],
    becomes: { outcome: 'interrupted' },
    isLate: true,
  },
  'before its stream is read': {
    steps: [...STREAMING, ['interrupted', ...END_WATCHED]],
    becomes: { outcome: 'interrupted', streamEnd: 'abandoned', read: false },
    isLate: true,
  },
  'while its stream is read': {
    steps: [...READ, ['interrupted', ...END_WATCHED], 'completed'],
    becomes: { outcome: 'interrupted', streamEnd: 'abandoned' },
    isLate: false,
  },
};

const STREAMS: Readonly<Record<string, Row>> = {
  ...Object.fromEntries(
    (['completed', 'cancelled', 'aborted', 'error'] as const).map((end): [string, Row] => [
      `that ends as ${end}`,
      {
        steps: [...READ, [end, ...END_WATCHED], 'abandoned', 'failed'],
        becomes: { phase: 'settled', outcome: 'stream', streamEnd: end },
      },
    ]),
  ),
  'that is aborted unread': {
    steps: [...STREAMING, ['aborted', ...END_WATCHED], 'read'],
    becomes: { outcome: 'stream', streamEnd: 'aborted' },
  },
  'that is aborted before its first byte': {
    steps: ['sent', 'stream requested', 'asked', ['failed after an abort', ...END_WATCHED]],
    becomes: { outcome: 'stream', streamEnd: 'aborted' },
  },
  'that is collected unread': {
    steps: [...STREAMING, ['abandoned', ...END_WATCHED]],
    becomes: { outcome: 'abandoned', streamEnd: 'abandoned' },
  },
  'that is no longer read, and collected': {
    steps: [...READ, ['abandoned', ...END_WATCHED]],
    becomes: { outcome: 'abandoned', streamEnd: 'abandoned' },
  },
  'whose request fails': {
    steps: ['sent', 'stream requested', 'asked', ['failed', ...END_WATCHED]],
    becomes: { outcome: 'error', streamEnd: undefined },
  },
  'that was not requested as one': {
    steps: [...SENT, ['stream', 'watch'], ['read', 'watch'], ['completed', ...END_WATCHED]],
    becomes: { streamed: true, outcome: 'stream' },
  },
  'that is claimed late': {
    steps: [
      'sent',
      'stream requested',
      ['answered', 'watch'],
      'asked',
      ['parsing', 'unwatch'],
      ['stream', 'watch'],
      ['read', 'watch'],
      ['completed', ...END_WATCHED],
    ],
    becomes: { outcome: 'stream', streamEnd: 'completed' },
  },
  'whose raw response is wanted': {
    steps: ['sent', 'stream requested', 'raw asked', ['answered', ...END_WATCHED]],
    becomes: { outcome: 'raw', streamEnd: undefined },
  },
  'that arrives over a socket': {
    steps: ['sent', 'stream requested', ['completed', ...END_WATCHED]],
    becomes: { outcome: 'stream', streamEnd: 'completed' },
  },
  'whose usage is hidden': {
    steps: ['sent', 'stream requested', 'usage requested', ...READ, ['completed', ...END_WATCHED]],
    becomes: { hidesUsage: true, outcome: 'stream' },
  },
  'whose usage is hidden even after an interruption': {
    steps: ['usage requested', ...STREAMING, ['interrupted', 'settle', 'unwatch'], 'read', 'completed'],
    becomes: { hidesUsage: true, read: true, outcome: 'interrupted' },
  },
  'that is interrupted before its answer, and hides its usage': {
    steps: [
      'sent',
      'stream requested',
      'usage requested',
      'asked',
      ['interrupted', 'settle', 'unwatch'],
      'answered',
      'parsing',
      'stream',
      'read',
    ],
    becomes: { phase: 'settled', hidesUsage: true, read: true },
  },
  'whose usage the server refuses': {
    steps: [
      'sent',
      'stream requested',
      'usage requested',
      'attempted',
      'usage dropped',
      'attempted',
      'asked',
      ['failed', ...END_WATCHED],
    ],
    becomes: { hidesUsage: false, outcome: 'error', attemptCount: 2 },
  },
};

const REPLACEMENTS: Readonly<Record<string, Row>> = {
  'and is awaited': {
    steps: [...REPLACED, ['asked', ...FOLLOW], 'answered', 'parsing', ['value', ...END]],
    becomes: { indirect: true, outcome: 'value' },
  },
  'before the request is sent': {
    steps: [['replaced', 'watch'], ['asked', ...FOLLOW], 'sent', 'answered', 'parsing', ['value', ...END]],
    becomes: { outcome: 'value' },
  },
  'and is awaited after the answer': {
    steps: [...REPLACED, 'answered', ['asked', ...FOLLOW], 'answered', 'parsing', ['value', ...END]],
    becomes: { outcome: 'value' },
  },
  'and is wanted raw': {
    steps: [...REPLACED, ['claimed', ...FOLLOW], 'raw asked', ['answered', ...END]],
    becomes: { outcome: 'raw', requested: true },
  },
  'and is wanted raw after the answer': {
    steps: [...REPLACED, 'answered', ['claimed', ...FOLLOW], ['raw asked', ...END], 'answered'],
    becomes: { outcome: 'raw' },
  },
  'and nobody asks for it': {
    steps: [...REPLACED, 'answered', ['abandoned', ...END_WATCHED]],
    becomes: { phase: 'settled', outcome: 'abandoned' },
  },
  'and fails before the request is sent': {
    steps: [
      ['replaced', 'watch'],
      ['asked', ...FOLLOW],
      ['failed', ...END],
    ],
    becomes: { outcome: 'error' },
  },
  'and is asked for after the end': {
    steps: [...REPLACED, ['interrupted', ...END_WATCHED], ['asked', ...FOLLOW], 'answered'],
    becomes: { phase: 'settled', outcome: 'interrupted' },
  },
};

function run({ steps, becomes }: Row): CallState {
  const state = newState();
  for (const step of steps) {
    const [event, ...actions] = typeof step === 'string' ? [step] : step;
    const before = structuredClone(state);
    const found = advance(state, event);
    expect([event, found]).toEqual([event, actions]);
    // Nothing but the state and the event decides, and the lists are shared.
    expect(advance(before, event)).toBe(found);
    expect(before).toEqual(state);
    expect(Object.isFrozen(found)).toBe(true);
  }
  expect(state).toMatchObject(becomes);
  return state;
}

test.each(Object.entries(PROMISES))('a call %s', (_, row) => void run(row));
test.each(Object.entries(STREAMS))('a stream %s', (_, row) => void run(row));
test.each(Object.entries(REPLACEMENTS))('a subclass replaces the promise, %s', (_, row) => void run(row));

test.each(Object.entries(INTERRUPTED))('a call that is interrupted %s', (_, row) => {
  expect(isEndedLate(run(row))).toBe(row.isLate);
});

describe('after its end', () => {
  const ENDS: readonly CallEvent[] = [
    'value',
    'failed',
    'failed after an abort',
    'completed',
    'abandoned',
    'interrupted',
  ];

  test.each(ENDS)('by %s, a call does not end again', (event) => {
    const state = run({ steps: [...SENT, [event, ...END]], becomes: {} });
    const { outcome } = state;
    for (const again of [...ENDS, 'raw asked', 'answered', 'stream', 'read', 'sent', 'idle'] as const)
      expect(advance(state, again)).toEqual([]);
    expect(state).toMatchObject({ phase: 'settled', outcome });
  });
});

test.each([
  [{ indirect: false, requested: true }, false],
  [{ indirect: true, requested: false }, false],
  [{ indirect: true, requested: true }, true],
])('of %j, a subclass may send the request again: %s', (state, expected) => {
  expect(isSentAgain({ ...newState(), ...state })).toBe(expected);
});
