import { readFile, writeFile } from 'node:fs/promises';
import { arch, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../test/support/lanes/paths.ts';

/** The page in `docs/` that has each measured part. The text around the parts is written by hand. */
export const PAGES = {
  conditions: 'performance.md',
  'processor time': 'performance.md',
  bytes: 'performance.md',
  peers: 'performance.md',
  signals: 'performance.md',
  'first chunk': 'benchmarks.md',
  blocked: 'benchmarks.md',
  'event loop': 'benchmarks.md',
  sockets: 'benchmarks.md',
  start: 'benchmarks.md',
  'start of peers': 'benchmarks.md',
  kept: 'benchmarks.md',
  scale: 'benchmarks.md',
} as const;

export type Part = keyof typeof PAGES;

/** @throws Error if the page has no place for the part */
export async function writePart(name: Part, part: string): Promise<void> {
  const page = pathOf(name);
  await writeFile(page, replacePart(await readFile(page, 'utf8'), name, part));
}

export function pathOf(name: Part): string {
  return join(ROOT, 'docs', PAGES[name]);
}

export function replacePart(text: string, name: string, part: string): string {
  const begin = `<!-- ${name}: written by npm run bench -->`;
  const end = `<!-- end of ${name} -->`;
  const [before, rest] = splitOnce(text, begin);
  const [, after] = splitOnce(rest, end);
  return `${before}${begin}\n\n${part}\n\n${end}${after}`;
}

function splitOnce(text: string, mark: string): [string, string] {
  const index = text.indexOf(mark);
  if (index < 0) throw new Error(`The page has no line ${mark}`);
  return [text.slice(0, index), text.slice(index + mark.length)];
}

/** Describes the machine and the software, without the machine's name. */
export async function conditions(rounds: number): Promise<string> {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
  const version = (name: string): string => lock.packages[`node_modules/${name}`]?.version ?? 'unknown';
  const date = new Date().toISOString().slice(0, 10);
  const memory = Math.round(totalmem() / 2 ** 30);
  return `Measured on ${date}: ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'} (${process.platform}, ${arch()}, ${memory} GB),
Node ${process.versions.node}, openai ${version('openai')}, OpenTelemetry API ${version('@opentelemetry/api')} and SDK
${version('@opentelemetry/sdk-trace')}; ${rounds} rounds.`;
}
