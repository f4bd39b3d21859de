import { describe, expect, it } from 'vitest';
import { inOrder, justAfter } from '../../src/util/clock.ts';

const ABOVE = 1_763_600_000_000.5;

describe('the start of a span', () => {
  it('is its own time if that is later than the start of the span above, or if there is none', () => {
    expect(inOrder(ABOVE + 0.002, ABOVE)).toBe(ABOVE + 0.002);
    expect(inOrder(ABOVE, undefined)).toBe(ABOVE);
  });

  it('is just after the start of the span above if both are in one microsecond', () => {
    expect(inOrder(ABOVE, ABOVE)).toBe(justAfter(ABOVE));
  });

  it('is just after the start of the span above if its clock lags', () => {
    expect(inOrder(ABOVE - 0.0017, ABOVE)).toBe(justAfter(ABOVE));
    expect(inOrder(ABOVE - 0.99, ABOVE)).toBe(justAfter(ABOVE));
  });

  it('stays earlier by more than clocks can differ, such as a time that a server reports', () => {
    expect(inOrder(ABOVE - 1, ABOVE)).toBe(ABOVE - 1);
  });
});
