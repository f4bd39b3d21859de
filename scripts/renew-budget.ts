/**
 * Measures what one operation of each case costs, prints the difference from the budget, and writes the cost to
 * `test/budget/budget.json`. Run it if a cost has gone down, or if it has gone up for a reason.
 */
import { BUDGETED, type Budget, readBudget, writeBudget } from '../test/budget/budget.ts';
import { type Cost, measureCost } from '../test/budget/measure.ts';

const before: Budget = await readBudget().catch(() => ({}));
const budget: Record<string, Pick<Cost, 'bytes' | 'calls'>> = {};
for (const name of BUDGETED) {
  const { bytes, calls } = await measureCost(name);
  budget[name] = { bytes, calls };
  const { bytes: oldBytes, calls: oldCalls } = before[name] ?? { bytes: 'none', calls: 'none' };
  console.log(`${name}: bytes ${oldBytes} → ${bytes}, calls ${oldCalls} → ${calls}`);
}
await writeBudget(budget);
