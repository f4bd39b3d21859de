import { describe, expect, it, test } from 'vitest';
import { describeRises, type Limits, readLimits, updateLimits } from '../../scripts/weight/limits.ts';
import { type Weight, weigh } from '../../scripts/weight/weigh.ts';

test('the package has not become heavier', async () => {
  expect(describeRises(await weigh(), await readLimits())).toBeUndefined();
});

function weightOf(files: number): Weight {
  return { figures: { files }, lines: { 'src/config': 10 * files, 'tests that import src': 100 * files } };
}

const LIMITS: Limits = { figures: { files: { least: 50 } }, lines: { 'src/config': 500 } };
const RAISED: Limits = {
  ...LIMITS,
  figures: { files: { least: 50, raised: { to: 52, why: 'a new endpoint' } } },
};

describe('a figure', () => {
  it('may be at its limit or below', () => {
    expect(describeRises(weightOf(50), LIMITS)).toBeUndefined();
    expect(describeRises(weightOf(49), LIMITS)).toBeUndefined();
  });

  it('may not rise, and the folders that grew are named', () => {
    expect(describeRises(weightOf(51), LIMITS)).toBe(
      [
        'The package has become heavier:',
        '  files: 51 instead of 50',
        'Lines added since the limits were written:',
        '  src/config: 10',
        'If it is worth that much: npm run weight -- --write --why "the reason"',
      ].join('\n'),
    );
  });

  it('may rise to a limit that was raised for a reason', () => {
    expect(describeRises(weightOf(52), RAISED)).toBeUndefined();
    expect(describeRises(weightOf(53), RAISED)).toContain('files: 53 instead of 52');
  });

  it('may not rise to a limit that was raised without one', () => {
    const raised = { figures: { files: { least: 50, raised: { to: 52, why: ' ' } } }, lines: {} };
    expect(describeRises(weightOf(52), raised)).toContain('files: 52 instead of 50');
  });

  it('needs a limit', () => {
    expect(describeRises(weightOf(1), { figures: {}, lines: {} })).toContain('files: 1, which has no limit');
  });
});

describe('writing the limits', () => {
  const filesAfter = (files: number, limits: Limits, why?: string): unknown =>
    updateLimits(weightOf(files), limits, why).figures.files;

  it('lowers them', () => {
    expect(filesAfter(48, LIMITS)).toEqual({ least: 48 });
    expect(filesAfter(48, RAISED)).toEqual({ least: 48 });
    expect(filesAfter(51, RAISED)).toEqual({ least: 50, raised: { to: 51, why: 'a new endpoint' } });
  });

  it('raises them for a reason only', () => {
    expect(filesAfter(51, LIMITS)).toEqual({ least: 50 });
    expect(filesAfter(51, LIMITS, 'a new endpoint')).toEqual({
      least: 50,
      raised: { to: 51, why: 'a new endpoint' },
    });
    expect(filesAfter(53, RAISED)).toEqual(RAISED.figures.files);
    expect(filesAfter(53, RAISED, 'another')).toEqual({ least: 50, raised: { to: 53, why: 'another' } });
  });

  it('forgets figures that are no longer measured', () => {
    expect(updateLimits(weightOf(1), { figures: { other: { least: 1 } }, lines: {} }).figures).toEqual({
      files: { least: 1 },
    });
  });
});
