import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type AnsweredToolCall,
  hasUniqueId,
  PendingToolCalls,
  type ToolCallRequest,
} from '../../../src/hierarchy/tool-calls/pending-tool-calls.ts';

const REQUEST: ToolCallRequest = {
  origin: 'https://gateway.example',
  id: 'call_0',
  name: 'get_balance',
  fingerprint: 'print-1',
  responseId: 'resp_1',
  requester: 'resp_1',
  conversationId: undefined,
  traceId: 'trace-1',
  question: 'question-1',
};
const BARE: AnsweredToolCall = {
  origin: REQUEST.origin,
  id: REQUEST.id,
  repeated: () => undefined,
  previousResponseId: undefined,
  conversationId: undefined,
  traceId: undefined,
  question: () => 'question-1',
};
const REPEATED: AnsweredToolCall = {
  ...BARE,
  repeated: () => ({ name: 'get_balance', fingerprint: 'print-1' }),
};
const UNIQUE = 'call_T9rXw2LbQm4KzVy8NcHd0PfA';
const OTHER_QUESTION = { ...REPEATED, question: () => 'question-2' };
const OTHER_ARGUMENTS = { ...BARE, repeated: () => ({ name: 'get_balance', fingerprint: 'print-2' }) };
const OTHER_NAME = { ...BARE, repeated: () => ({ name: 'delete', fingerprint: 'print-2' }) };
const UNKNOWN_ARGUMENTS = { ...BARE, repeated: () => ({ name: 'get_balance', fingerprint: undefined }) };

/** What a request meets, after each of the calls was asked for. */
function meets(asked: readonly ToolCallRequest[], answered: AnsweredToolCall): number | undefined {
  const pending = new PendingToolCalls<number>();
  for (const [index, call] of asked.entries()) pending.add(call, index);
  return pending.find(answered)?.open;
}

function answer(pending: PendingToolCalls<number>): void {
  const found = pending.find(REPEATED);
  if (found !== undefined) pending.close(found);
}

const talk = { ...REQUEST, conversationId: 'chat-1' };
const second = { ...REQUEST, responseId: 'resp_2', requester: 'resp_2', traceId: 'trace-2' };
const unkept = { ...REQUEST, fingerprint: undefined };
const unquoted = { ...REQUEST, question: undefined };

it.each<[string, ToolCallRequest[], AnsweredToolCall, number]>([
  ['it repeats, among others with the id', [REQUEST, { ...second, fingerprint: 'print-2' }], REPEATED, 0],
  ['its trace asked for', [REQUEST, second], { ...BARE, traceId: 'trace-2' }, 1],
  ['its trace asked for, and which it repeats', [REQUEST, second], { ...REPEATED, traceId: 'trace-2' }, 1],
  ['another trace asked for, and which it repeats', [REQUEST], { ...REPEATED, traceId: 'trace-9' }, 0],
  [
    'another message led to, with a unique id',
    [{ ...unquoted, id: UNIQUE }],
    { ...OTHER_QUESTION, id: UNIQUE },
    0,
  ],
  ['another message led to, in its trace', [REQUEST], { ...OTHER_QUESTION, traceId: 'trace-1' }, 0],
  [
    'its conversation streamed',
    [{ ...talk, fingerprint: undefined }],
    { ...REPEATED, conversationId: 'chat-1' },
    0,
  ],
])('a request matches the call that %s', (_, asked, answered, expected) => {
  expect(meets(asked, answered)).toBe(expected);
});

it.each<[string, ToolCallRequest[], AnsweredToolCall]>([
  ['of another id', [REQUEST], { ...REPEATED, id: 'call_1' }],
  ['of another response', [REQUEST], { ...REPEATED, previousResponseId: 'resp_9' }],
  ['of another conversation', [talk], { ...REPEATED, conversationId: 'chat-9' }],
  ['of a conversation that it does not name', [talk], { ...REPEATED, traceId: 'trace-1' }],
  ['without a conversation, if it names one', [REQUEST], { ...REPEATED, conversationId: 'chat-1' }],
  ['with other arguments in its trace', [REQUEST], { ...OTHER_ARGUMENTS, traceId: 'trace-1' }],
  ['with other arguments of its response', [REQUEST], { ...OTHER_ARGUMENTS, previousResponseId: 'resp_1' }],
  [
    'with another name, if arguments are not kept',
    [{ ...talk, fingerprint: undefined }],
    { ...OTHER_NAME, conversationId: 'chat-1' },
  ],
  ['if neither says which message led to it', [unquoted], { ...REPEATED, question: () => undefined }],
  ['if three match', [REQUEST, second, { ...second, responseId: 'resp_3' }], REPEATED],
  ['if two of its previous response match', [REQUEST, REQUEST], { ...BARE, previousResponseId: 'resp_1' }],
  ['whose arguments are unknown on both sides, outside of its trace', [unkept], UNKNOWN_ARGUMENTS],
  ['that only looks like it', [{ ...REQUEST, id: '","response","resp_1"' }], { ...REPEATED, id: '"' }],
])('a request matches no call %s', (_, asked, answered) => {
  expect(meets(asked, answered)).toBeUndefined();
});

it.each<[string, boolean]>([
  [UNIQUE, true],
  ['chatcmpl-tool-0b9d6b1a5a2f4d3f8f5c6c1d2e3f4a5b', true],
  ['550e8400-e29b-41d4-a716-446655440000', true],
  ['0', false],
  ['call_0', false],
  ['call_abcdefghijklmnop', false],
  ['function-call-12345678901234567890', false],
  ['functions.getWeatherOfTheNext7Days:0', false],
])('the id %s is unique: %s', (id, expected) => {
  expect(hasUniqueId({ id, name: 'getWeatherOfTheNext7Days' })).toBe(expected);
});

it('long ids are read in linear time', () => {
  for (const letter of ['a', '1'])
    expect(hasUniqueId({ id: letter.repeat(500_000), name: 'get_time' })).toBe(false);
});

describe('a call that was answered', () => {
  it('is known to the answer that requested it', () => {
    const pending = new PendingToolCalls<number>();
    pending.add(REQUEST, 1);
    answer(pending);
    expect(pending.has(REQUEST)).toBe(true);
    expect(pending.has(second)).toBe(false);
  });

  it('still counts among those of its origin, because its result may come again', () => {
    const pending = new PendingToolCalls<number>();
    pending.add(REQUEST, 1);
    answer(pending);
    pending.add(second, 2);
    expect(pending.find(REPEATED)).toBeUndefined();
    expect(pending.find({ ...BARE, previousResponseId: 'resp_2' })?.open).toBe(2);
  });
});

describe('a pending call', () => {
  afterEach(() => vi.useRealTimers());

  it.each<[string, Partial<ToolCallRequest>, number]>([
    ['ten minutes', {}, 600_000],
    ['a day, if its id is unique', { id: UNIQUE }, 86_400_000],
    ['a day, if its response is known', { responseId: 'resp_1' }, 86_400_000],
    ['a day, if its conversation is known', { conversationId: 'chat-1' }, 86_400_000],
  ])('is kept for %s, however often it is looked up', (_, more, lifetime) => {
    vi.useFakeTimers();
    const request = { ...REQUEST, responseId: undefined, ...more };
    const { id, conversationId } = request;
    const named = { ...REPEATED, id, conversationId, previousResponseId: request.responseId };
    const pending = new PendingToolCalls<number>();
    pending.add(request, 1);
    pending.add({ ...request, requester: 'other', fingerprint: 'print-2' }, 2);
    vi.advanceTimersByTime(lifetime - 1);
    const found = pending.find(named);
    expect(found?.open).toBe(1);
    if (found !== undefined) pending.close(found);
    vi.advanceTimersByTime(1);
    const other = { ...named, repeated: () => ({ name: 'get_balance', fingerprint: 'print-2' }) };
    expect(pending.find(other)).toBeUndefined();
    expect(pending.isEmpty).toBe(true);
    expect(pending.size).toBe(1);
    vi.advanceTimersByTime(600_000);
    pending.expire();
    expect(pending.size).toBe(0);
  });

  it('is found by its response alone, if it is older than ten minutes and its id is not unique', () => {
    vi.useFakeTimers();
    const pending = new PendingToolCalls<number>();
    pending.add(REQUEST, 1);
    vi.advanceTimersByTime(600_000);
    expect(pending.find(REPEATED)).toBeUndefined();
    expect(pending.find({ ...REPEATED, traceId: 'trace-1' })).toBeUndefined();
    expect(pending.find({ ...BARE, previousResponseId: 'resp_1' })?.open).toBe(1);
  });

  it('is found by each of its ids until it is forgotten', () => {
    vi.useFakeTimers();
    const pending = new PendingToolCalls<number>();
    pending.add({ ...REQUEST, alias: 'lsh_1' }, 1);
    for (const id of [REQUEST.id, 'lsh_1']) expect(pending.find({ ...REPEATED, id })?.open).toBe(1);
    vi.advanceTimersByTime(86_400_000);
    for (const id of [REQUEST.id, 'lsh_1']) expect(pending.find({ ...REPEATED, id })).toBeUndefined();
  });

  it('is kept among the ten thousand newest', () => {
    const pending = new PendingToolCalls<number>();
    for (let made = 0; made <= 10_000; made++)
      pending.add({ ...REQUEST, id: `call_${made}`, responseId: `resp_${made}` }, made);
    expect(pending.find({ ...REPEATED, id: 'call_0' })?.open).toBeUndefined();
    expect(pending.find({ ...REPEATED, id: 'call_1' })?.open).toBe(1);
    expect(pending.find({ ...REPEATED, id: 'call_10000' })?.open).toBe(10_000);
  });

  it('is kept however many are abandoned meanwhile whose ids a server repeats', () => {
    const pending = new PendingToolCalls<number>();
    pending.add({ ...REQUEST, responseId: undefined, id: UNIQUE }, 0);
    for (let made = 1; made <= 10_001; made++) pending.add({ ...REQUEST, responseId: undefined }, made);
    expect(pending.find({ ...REPEATED, id: UNIQUE })?.open).toBe(0);
  });

  it('is kept however many are answered meanwhile', () => {
    const pending = new PendingToolCalls<number>();
    pending.add({ ...REQUEST, id: 'call_0' }, 0);
    for (let made = 1; made <= 10_001; made++) {
      const id = `call_${made}`;
      pending.add({ ...REQUEST, id, responseId: `resp_${made}` }, made);
      const found = pending.find({ ...REPEATED, id });
      if (found !== undefined) pending.close(found);
    }
    expect(pending.size).toBe(10_001);
    expect(pending.find({ ...REPEATED, id: 'call_0' })?.open).toBe(0);
  });
});
