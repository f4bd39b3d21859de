import { ROOT_CONTEXT } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { Call } from '../../src/client/call.ts';
import { OpenCalls } from '../../src/client/open-calls.ts';

const newCall = (): Call => new Call({}, { start: () => undefined }, ROOT_CONTEXT);

test('calls that are under way are those that were added and not deleted, in any order', () => {
  const first = newCall();
  const second = newCall();
  const third = newCall();
  for (const order of [
    [first, second, third],
    [third, second, first],
    [second, first, third],
    [second, third, first],
  ]) {
    const open = new OpenCalls();
    for (const call of [first, second, third]) open.add(call);
    expect([...open]).toEqual([third, second, first]);
    for (const call of order) {
      const left = [...open].filter((one) => one !== call);
      open.delete(call);
      expect([...open]).toEqual(left);
    }
  }
});

test('deleting what was never added, or twice, changes nothing', () => {
  const open = new OpenCalls();
  const [added, other] = [newCall(), newCall()];
  open.add(added);
  open.delete(other);
  expect([...open]).toEqual([added]);
  open.delete(added);
  open.delete(added);
  expect([...open]).toEqual([]);
});
