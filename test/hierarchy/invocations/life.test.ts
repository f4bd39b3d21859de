import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Life } from '../../../src/hierarchy/invocations/life.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a life', () => {
  it('is silent once nothing has been heard of it for long enough', () => {
    const life = new Life(Date.now());
    vi.advanceTimersByTime(999);
    expect(life.isSilent(1_000)).toBe(false);
    vi.advanceTimersByTime(1);
    expect(life.isSilent(1_000)).toBe(true);
  });

  it('is not silent after a sign of life', () => {
    const life = new Life(Date.now());
    vi.advanceTimersByTime(999);
    life.touch(Date.now());
    expect(life.isSilent(1_000)).toBe(false);
    vi.advanceTimersByTime(999);
    expect(life.isSilent(1_000)).toBe(false);
    vi.advanceTimersByTime(1);
    expect(life.isSilent(1_000)).toBe(true);
  });

  it.each(['requests', 'streams'] as const)('is never silent while %s about it are under way', (kind) => {
    const life = new Life(Date.now());
    life[kind]++;
    vi.advanceTimersByTime(1_000_000);
    expect(life.isSilent(1_000)).toBe(false);
    life[kind]--;
    expect(life.isSilent(1_000)).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(life.isSilent(1_000)).toBe(true);
  });

  it('that is over goes on when it is seen in progress, and one that has ended does not', () => {
    const life = new Life(1_000);
    life.rest(2_000);
    expect(life.state).toBe('over');
    life.goOn(3_000);
    expect(life.state).toBe('open');
    expect(life.finished).toBeUndefined();
    life.end(4_000);
    life.goOn(5_000);
    expect([life.state, life.endTime]).toEqual(['ended', 4_000]);
  });

  it('ends between the last time it was seen in progress and now', () => {
    const life = new Life(1_000);
    life.goOn(2_000);
    expect(life.endSeenAt(3_000, 1_500)).toBe(2_000);
    expect(life.endSeenAt(3_000, 2_500)).toBe(2_500);
    expect(life.endSeenAt(3_000, 4_000)).toBe(3_000);
    expect(life.endSeenAt(1_500, 2_500)).toBe(2_000);
  });

  it('closes at its end, else at the last time it was seen in progress', () => {
    const ended = new Life(1_000);
    ended.end(2_000);
    expect(ended.close()).toBe(2_000);
    const left = new Life(1_000);
    left.touch(3_000);
    expect(left.close()).toBe(3_000);
  });
});
