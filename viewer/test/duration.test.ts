import { expect, it } from 'vitest';
import { formatDuration } from '../src/format-amounts.ts';

it.each([
  [0, '0 ms'],
  [-5, '0 ms'],
  [0.001, '<0.1 ms'],
  [0.0999, '<0.1 ms'],
  [0.1, '0.1 ms'],
  [0.4242, '0.42 ms'],
  [4.25, '4.3 ms'],
  [9.96, '10 ms'],
  [812, '812 ms'],
  [999.4, '999 ms'],
  [999.6, '1.00 s'],
  [1240, '1.24 s'],
  [9996, '10.0 s'],
  [59_949, '59.9 s'],
  [59_960, '1 m 00 s'],
  [123_000, '2 m 03 s'],
  [3_599_600, '1 h 00 m'],
  [4_020_000, '1 h 07 m'],
])('formats %d ms as %s', (milliseconds, text) => {
  const whole = Math.floor(milliseconds / 1e3);
  const end = [100 + whole, Math.round((milliseconds - whole * 1e3) * 1e6)] as const;
  expect(formatDuration([100, 0], end)).toBe(text);
});
