import { expect, test } from 'vitest';
import { CASES } from '../../bench/cases/index.ts';
import { recordCase } from './recorded.ts';

// Limits say what they cut, which nobody writes by hand. A cold program records what a warm one does.
const COMPARED = CASES.filter(
  ({ silent, cold, name }) => silent === undefined && cold !== true && name !== 'chat-large-content',
);

test.each(COMPARED)(
  'the handwritten instrumentation records as much as this package: $name',
  async (measured) => {
    const byHand = await recordCase('hand', measured);
    expect(byHand).toEqual(await recordCase('ours', measured));
    expect(byHand.length).toBeGreaterThan(1);
  },
);
