import { ROOT_CONTEXT } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { Call, OpenCalls } from '../../src/sdk/call.ts';

function newCall(): Call {
  return new Call({}, { start: () => undefined }, ROOT_CONTEXT);
}

/** The same numbers in every run. */
function numbersBelow(): (limit: number) => number {
  let last = 1;
  return (limit) => {
    last = (last * 48_271) % 2_147_483_647;
    return last % limit;
  };
}

test('calls that begin and end in any order are those in flight', () => {
  const below = numbersBelow();
  const open = new OpenCalls();
  const expected = new Set<Call>();
  for (let step = 0; step < 20_000; step++) {
    // More begin than end at first, and the other way round later.
    if (below(20_000) > step) {
      const call = newCall();
      open.add(call);
      expected.add(call);
    } else {
      const call = [...expected][below(expected.size)];
      if (call === undefined) break;
      open.delete(call);
      expected.delete(call);
      open.delete(call);
    }
    expect(open.size).toBe(expected.size);
  }
  expect(new Set(open.values())).toEqual(expected);
  for (const call of open.values()) open.delete(call);
  expect([open.size, open.values()]).toEqual([0, []]);
});

test('a call that was never added is not removed in place of another', () => {
  const open = new OpenCalls();
  const [first, other] = [newCall(), newCall()];
  open.add(first);
  open.delete(other);
  expect(open.values()).toEqual([first]);
});
