import { describe, expect, it } from 'vitest';
import { BUDGETED, overspent, readBudget } from './budget.ts';
import { measureCost } from './measure.ts';

const budget = await readBudget();

describe('one operation allocates and calls no more than its budget', () => {
  it.each(BUDGETED)('%s', { timeout: 120_000 }, async (name) => {
    expect(overspent(name, budget, await measureCost(name))).toBeUndefined();
  });
});

describe('a budget', () => {
  const chat = { chat: { bytes: 10_000, calls: 100 } };

  it('fails above ten per cent and 1,000 bytes, and names the functions called most', () => {
    const byFunction = { 'src/a.ts once': 1, 'src/a.ts often': 102 };
    expect(overspent('chat', chat, { bytes: 12_000, calls: 110, byFunction })).toBeUndefined();
    expect(overspent('chat', chat, { bytes: 12_001, calls: 111, byFunction })).toBe(
      [
        "One operation of 'chat' costs more than its budget:",
        '  12001 bytes instead of 10000',
        '  111 calls instead of 100',
        'What is called most:',
        '  102.0 × src/a.ts often',
        '  1.0 × src/a.ts once',
        'If it is worth that much: npm run budget',
      ].join('\n'),
    );
  });

  it('fails if it is missing', () => {
    expect(overspent('new', chat, { bytes: 1, calls: 1, byFunction: {} })).toBe(
      'new has no budget: npm run budget',
    );
  });
});
