/**
 * Installs other packages that instrument `openai`, uses the SDK in ten ways with each, and writes what happened into
 * the table in `docs/comparison.md`.
 *
 *   npm run peers
 *   npm run peers -- otel sentry       only these; the document stays unchanged
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../test/support/lanes/command.ts';
import { ROOT } from '../../test/support/lanes/paths.ts';
import { CACHE, exists, mustWork } from '../e2e/install.ts';
import { PEERS, type Peer } from './packages.ts';
import type { Outcome } from './use.ts';
import { USES, type Use, WRONG_RESULT } from './uses.ts';

const OPENAI = 'openai@6.49.0';
const BEGIN = '<!-- What follows is written by `npm run peers`. -->';
const END = '<!-- Here it ends. -->';

const only = process.argv.slice(2);
const peers = PEERS.filter(({ name }) => only.length === 0 || only.includes(name));
const columns: string[][] = [];
for (const peer of peers) {
  const cells: string[] = [];
  const folder = await install(peer);
  for (const [index, use] of USES.entries()) cells.push(cellOf(use, await outcomeOf(folder, peer, index)));
  console.log([peer.name, ...cells].join(' · '));
  columns.push([peer.name, ...cells]);
}
if (only.length === 0) await writeTable();

async function install({ name, packages }: Peer): Promise<string> {
  const folder = join(CACHE, 'peers', name);
  const wanted = JSON.stringify({ private: true, description: packages.join(' ') });
  const file = join(folder, 'package.json');
  const stamp = join(folder, 'installed');
  if (await exists(stamp)) return folder;
  await mkdir(folder, { recursive: true });
  await writeFile(file, wanted);
  const flags = ['--no-audit', '--no-fund', '--legacy-peer-deps', '--silent'];
  await mustWork('npm', ['install', ...flags, OPENAI, ...packages], `npm cannot install ${name}`, folder);
  await writeFile(stamp, '');
  return folder;
}

async function outcomeOf(folder: string, { name }: Peer, index: number): Promise<Outcome> {
  const parameters = ['--expose-gc', join(import.meta.dirname, 'use.ts'), folder, name, String(index)];
  const { stdout, stderr } = await run(process.execPath, parameters, { cwd: ROOT, timeout: 60_000 });
  const last = stdout.slice(stdout.lastIndexOf('\n') + 1);
  if (!last.startsWith('{')) throw new Error(`${name}, ${USES[index]?.title}: ${stderr}`);
  return JSON.parse(last) as Outcome;
}

/** `throws`: code that works without the package fails. `lost`: the record never ends. */
function cellOf({ title }: Use, { error, unhandled, ended, failed }: Outcome): string {
  if (error !== undefined) return error.startsWith(WRONG_RESULT) ? WRONG_RESULT : 'throws';
  if (unhandled) return 'unhandled rejection';
  if (ended === 0) return 'lost';
  return title.includes('400') && !failed ? 'not an error' : 'ok';
}

async function writeTable(): Promise<void> {
  const file = join(ROOT, 'docs', 'comparison.md');
  const [before, rest] = (await readFile(file, 'utf8')).split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${file} has no place for the table`);
  const header = ['', ...columns.map(([name = '']) => name)];
  const rows = USES.map(({ title }, index) => [title, ...columns.map((cells) => cells[index + 1] ?? '')]);
  const lines = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const date = new Date().toISOString().slice(0, 10);
  const versions = PEERS.slice(1).map(({ packages: [name = ''] }) => `\`${name}\``);
  const text = `Run on ${date} with \`${OPENAI}\`: ${versions.join(', ')}.\n\n${lines.join('\n')}`;
  await writeFile(file, `${before}${BEGIN}\n\n${text}\n\n${END}${after}`);
}
