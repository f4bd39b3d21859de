import { expect, test } from 'vitest';
import { NO_TOTALS, totalAttributes } from '../../../src/telemetry/cost/usage.ts';

test('a total counts the calls whose cost it lacks', () => {
  expect(totalAttributes({ ...NO_TOTALS, cost: 0.5, unpriced: 2 })).toEqual({
    'openai.total.cost': 0.5,
    'openai.total.unpriced': 2,
  });
  expect(totalAttributes({ ...NO_TOTALS, cost: 0.5, unpriced: 0 })).toEqual({ 'openai.total.cost': 0.5 });
});
