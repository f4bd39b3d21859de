/**
 * Prints the project's weight beside the limits in `test/weight/weight.json`.
 *
 *   npm run weight
 *   npm run weight -- --write                     lowers the limits to what the project weighs now
 *   npm run weight -- --write --why "a reason"    also raises limits that it exceeds
 */
import { parseArgs } from 'node:util';
import { describeRises, readLimits, updateLimits, writeLimits } from './limits.ts';
import { weigh } from './weigh.ts';

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, why: { type: 'string' } },
});
const weight = await weigh();
const before = await readLimits();
const after = values.write ? updateLimits(weight, before, values.why) : before;
if (values.write) await writeLimits(after);

for (const [name, value] of Object.entries(weight.figures)) {
  const { least, raised } = before.figures[name] ?? {};
  printRow(name, value, raised?.to ?? least);
  if (raised !== undefined) console.log(`    ${least} before: ${raised.why}`);
}
console.log();
for (const [place, lines] of Object.entries(weight.lines)) printRow(place, lines, before.lines[place]);

const rises = describeRises(weight, after);
if (rises !== undefined) {
  console.error(`\n${rises}`);
  process.exitCode = 1;
}

function printRow(name: string, value: number, kept: number | undefined): void {
  const difference = value - (kept ?? value);
  const sign = difference > 0 ? '+' : '';
  const change = difference === 0 ? '' : `  ${sign}${difference} (kept: ${kept})`;
  console.log(`${name.padEnd(40)} ${String(value).padStart(8)}${change}`);
}
