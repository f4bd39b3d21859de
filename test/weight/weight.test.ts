import { describe, expect, it, test } from 'vitest';
import { describeExcess, highestOf, LIMITS, readBaseline } from '../../scripts/weight/limits.ts';
import { type Weight, weigh } from '../../scripts/weight/weigh.ts';

test('the package keeps to its limits', async () => {
  const weight = await weigh();
  expect(Object.keys(weight.figures)).toEqual(Object.keys(LIMITS));
  expect(describeExcess(weight, await readBaseline())).toEqual([]);
});

function weightOf(figures: Weight['figures']): Weight {
  return { figures, lines: {} };
}

describe('a figure may exceed the baseline', () => {
  it('by two per cent if it is a total', () => {
    expect(highestOf('lines of src', 10_000)).toBe(10_200);
    expect(highestOf('bytes that a program can load', 10_000)).toBe(10_200);
  });

  it('by five per cent if it counts hops', () => {
    expect(highestOf('chat: functions', 100)).toBe(105);
  });

  it('but not its ceiling by more than ten per cent', () => {
    expect(highestOf('lines of src', 36_500)).toBe(36_630);
    expect(highestOf('chat: files', 43)).toBe(44);
  });
});

describe('a figure that is too high', () => {
  const baseline = weightOf({ 'lines of src': 10_000, 'bytes of the page': 100_000 });

  it('is listed with the highest value that it may have', () => {
    const weight = weightOf({ 'lines of src': 10_201, 'bytes of the page': 102_000 });
    expect(describeExcess(weight, baseline)).toEqual([
      'lines of src: 10201, at most 10200 (10000 in the baseline)',
    ]);
  });

  it('is held to its ceiling alone if the baseline lacks it', () => {
    expect(describeExcess(weightOf({ 'lines of src': 36_630 }), weightOf({}))).toEqual([]);
    expect(describeExcess(weightOf({ 'lines of src': 36_631 }), weightOf({}))).toEqual([
      'lines of src: 36631, at most 36630 (no baseline)',
    ]);
  });
});
