/**
 * Runs many operations of all kinds, with an API and a backend that sometimes fail. Checks that no span stays open or
 * is unaccounted for, and that no memory or handle stays. `npm run soak` runs 200,000 and writes the figures to
 * `docs/reliability.md`; `npm run soak -- 10000` runs fewer and writes nothing, unless `--write` follows.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { findings, soakTable } from './report.ts';
import { soak } from './soak.ts';

const FULL = 200_000;
const DOCUMENT = new URL('../../docs/reliability.md', import.meta.url);
const BEGIN = '<!-- Written by `npm run soak`. -->';
const END = '<!-- End of what is written. -->';

const count = Number(process.argv[2] ?? FULL);
const report = await soak(count, (line) => console.log(line));
const table = soakTable(report, new Date().toISOString().slice(0, 10));
console.log(table);
const found = findings(report);
for (const finding of found) console.error(finding);
const writes = count >= FULL || process.argv.includes('--write');
if (found.length === 0 && writes) await write(table);
process.exit(found.length === 0 ? 0 : 1);

async function write(text: string): Promise<void> {
  const document = await readFile(DOCUMENT, 'utf8');
  const start = document.indexOf(BEGIN) + BEGIN.length;
  const end = document.indexOf(END);
  await writeFile(DOCUMENT, `${document.slice(0, start)}\n\n${text}\n\n${document.slice(end)}`);
}
