/**
 * Prints the project's weight beside the baseline in `test/weight/baseline.json`, as a Markdown table.
 *
 *   npm run weight
 *   npm run weight -- --write     makes the current weight the baseline
 */
import { parseArgs } from 'node:util';
import { describeExcess, highestOf, readBaseline, writeBaseline } from './limits.ts';
import { weigh } from './weigh.ts';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const weight = await weigh();
const before = await readBaseline();
if (values.write) await writeBaseline(weight);
const baseline = values.write ? weight : before;

printTable(
  ['figure', 'now', 'baseline', 'change', 'at most'],
  [
    ...Object.entries(weight.figures).map(([name, value]) => [
      ...row(name, value, before.figures[name]),
      String(highestOf(name, baseline.figures[name] ?? value)),
    ]),
  ],
);
console.log();
printTable(
  ['lines in', 'now', 'baseline', 'change'],
  Object.entries(weight.lines).map(([place, lines]) => row(place, lines, before.lines[place])),
);

const excess = describeExcess(weight, baseline);
if (excess.length > 0) {
  console.error(['', 'Too heavy:', ...excess.map((line) => `  ${line}`)].join('\n'));
  process.exitCode = 1;
}

function row(name: string, now: number, kept: number | undefined): string[] {
  const change = now - (kept ?? now);
  return [name, String(now), String(kept ?? ''), change > 0 ? `+${change}` : String(change)];
}

function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  for (const cells of [head, rule, ...rows]) console.log(line(cells));
}
