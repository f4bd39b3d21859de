import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../examples/program.ts';
import { type CodeBlock, codeBlocksOf, readDocument } from './documents.ts';

const DOCUMENT = 'docs/coming-from.md';

/** A section of the document with a program, perhaps with a setup, and what it prints. */
export interface Section {
  readonly heading: string;
  readonly setUp: CodeBlock | undefined;
  readonly program: CodeBlock;
  /** What the document says that it prints, or that arrives. */
  readonly output: string;
}

export function readSections(): Section[] {
  const lines = readDocument(DOCUMENT).split('\n');
  const starts = lines.flatMap((line, index) => (line.startsWith('## ') ? [index] : []));
  return starts.flatMap((start, index) => {
    const blocks = codeBlocksOf(DOCUMENT).filter(
      ({ line }) => line > start && line < (starts[index + 1] ?? lines.length),
    );
    const programs = blocks.filter(({ language }) => ['js', 'ts'].includes(language));
    const setUp = programs.find(({ code }) => code.startsWith('// telemetry.mjs'));
    const [program] = programs.filter((block) => block !== setUp);
    if (program === undefined) return [];
    const output = blocks.find(({ language }) => language === 'text')?.code;
    const heading = lines[start]?.slice(3) ?? '';
    if (output === undefined) throw new Error(`"${heading}" does not show what its program prints.`);
    return [{ heading, setUp, program, output }];
  });
}

/**
 * Writes the programs of a section to a folder, those in TypeScript compiled.
 *
 * @param simulation what the simulated API does, as a module of `examples` says it
 * @returns what comes after `node` to run them
 */
export function prepare({ setUp, program }: Section, directory: string, simulation: string): string[] {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'simulation.mjs'), simulation);
  const support = (name: string): string => join(ROOT, 'examples', 'support', name);
  const preloaded = [support(setUp === undefined ? 'register.mjs' : 'api.mjs')];
  if (setUp !== undefined) {
    writeFileSync(join(directory, 'telemetry.mjs'), setUp.code);
    preloaded.push(join(directory, 'telemetry.mjs'));
  }
  const source = join(directory, program.language === 'ts' ? 'main.mts' : 'main.mjs');
  writeFileSync(source, program.code);
  if (program.language === 'ts') compile(source);
  return [...preloaded.flatMap((file) => ['--import', file]), join(directory, 'main.mjs')];
}

function compile(source: string): void {
  const options = ['--target', 'es2022', '--module', 'nodenext', '--skipLibCheck', '--types', 'node'];
  const { status, stdout } = spawnSync(join(ROOT, 'node_modules', '.bin', 'tsc'), [
    '--ignoreConfig',
    ...options,
    source,
  ]);
  if (status !== 0) throw new Error(String(stdout));
}

/** What a program prints, without what is different each time: durations, ids of traces, the width of columns. */
export function comparable(printed: string): string {
  return printed
    .trim()
    .replace(/<?[\d.]+ ?(?:ms|s)\b/g, 'TIME')
    .replace(/\b[0-9a-f]{32}\b/g, 'ID')
    .replace(/ +/g, ' ')
    .replace(/─+/g, '─');
}
