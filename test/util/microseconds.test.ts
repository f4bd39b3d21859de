import { expect, it } from 'vitest';
import { inOrder, justAfter } from '../../src/util/clock.ts';

const ABOVE = 1_763_600_000_000.5;

it.each<[string, start: number, above: number | undefined, expected: number]>([
  ['its own time if that is later than the start of the span above', ABOVE + 0.002, ABOVE, ABOVE + 0.002],
  ['its own time if there is no span above', ABOVE, undefined, ABOVE],
  ['just after that of the span above if both are in one microsecond', ABOVE, ABOVE, justAfter(ABOVE)],
  ['just after that of the span above if its clock lags', ABOVE - 0.0017, ABOVE, justAfter(ABOVE)],
  ['just after that of the span above if its clock lags much', ABOVE - 0.99, ABOVE, justAfter(ABOVE)],
  ['earlier by more than clocks can differ, as a server may report it', ABOVE - 1, ABOVE, ABOVE - 1],
])('the start of a span is %s', (_, start, above, expected) => {
  expect(inOrder(start, above)).toBe(expected);
});
