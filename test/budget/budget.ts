import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CASES } from '../../bench/cases/index.ts';
import type { Cost } from './measure.ts';

export type Budget = Readonly<Record<string, Pick<Cost, 'bytes' | 'calls'>>>;

/** The share by which a cost may exceed its budget. */
const SLACK = 0.1;
/** What a cost may exceed its budget by beside that share: a small operation has little to take a share of. */
const EXTRA: Readonly<Record<'bytes' | 'calls', number>> = { bytes: 1_000, calls: 0 };
const MOST_FUNCTIONS = 15;

/** These show nothing that another case does not show. */
const WITHOUT_BUDGET: readonly string[] = ['chat-large-unlimited', 'stream-content', 'assistants-cold'];

export const BUDGETED: readonly string[] = CASES.map(({ name }) => name).filter(
  (name) => !WITHOUT_BUDGET.includes(name),
);

const FILE = join(import.meta.dirname, 'budget.json');

export async function readBudget(): Promise<Budget> {
  return JSON.parse(await readFile(FILE, 'utf8'));
}

export async function writeBudget(budget: Budget): Promise<void> {
  await writeFile(FILE, `${JSON.stringify(budget, null, 2)}\n`);
}

/** What a case costs too much, as one text; `undefined` where it keeps to its budget. */
export function overspent(name: string, budget: Budget, cost: Cost): string | undefined {
  const allowed = budget[name];
  if (allowed === undefined) return `${name} has no budget: npm run budget`;
  const over = (['bytes', 'calls'] as const).filter(
    (kind) => cost[kind] > allowed[kind] * (1 + SLACK) + EXTRA[kind],
  );
  if (over.length === 0) return undefined;
  const most = Object.entries(cost.byFunction)
    .sort(([, one], [, other]) => other - one)
    .slice(0, MOST_FUNCTIONS);
  return [
    `One operation of '${name}' costs more than its budget:`,
    ...over.map((kind) => `  ${cost[kind]} ${kind} instead of ${allowed[kind]}`),
    'What is called most:',
    ...most.map(([called, count]) => `  ${count.toFixed(1)} × ${called}`),
    'If it is worth that much: npm run budget',
  ].join('\n');
}
