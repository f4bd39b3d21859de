import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { ROOT, startExample } from '../examples/program.ts';
import { startOtlpReceiver } from '../support/lanes/otlp.ts';
import { type CodeBlock, codeBlocksOf, readDocument } from './documents.ts';

const DOCUMENT = 'docs/coming-from.md';
const DIRECTORY = join(ROOT, `.docs-run-${process.pid}`);
const PATIENCE = 120_000;
afterAll(() => rmSync(DIRECTORY, { recursive: true, force: true }));

/** Where the simulated API does something else than answering. */
const SIMULATIONS: Readonly<Record<string, string>> = {
  TraceLLM: `simulator.next({
    when: { path: '/chat/completions' }, status: 503, headers: { 'retry-after-ms': '5' },
  });`,
  Spanlens: `simulator.script({
    steps: [
      { tools: [{ codeInterpreter: { input: 'plot' } }], usage: { prompt: 120, completion: 30 } },
      { message: 'Done.', usage: { prompt: 160, completion: 5 } },
    ],
  });`,
};

/** A section of the document with a program, perhaps with a setup, and what it prints. */
interface Section {
  readonly heading: string;
  readonly setUp: CodeBlock | undefined;
  readonly program: CodeBlock;
  /** What the document says that it prints, or that arrives. */
  readonly output: string;
}

function readSections(): Section[] {
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

/** Writes the programs of a section, those in TypeScript compiled. @returns what comes after `node` to run them */
function prepare({ heading, setUp, program }: Section): string[] {
  const [name = ''] = heading.split(/[ :]/);
  const directory = join(DIRECTORY, name);
  mkdirSync(directory, { recursive: true });
  const write = (file: string, text: string): string => {
    writeFileSync(join(directory, file), text);
    return join(directory, file);
  };
  write('simulation.mjs', `export function simulate(simulator) { ${SIMULATIONS[name] ?? ''} }`);
  const support = setUp === undefined ? 'register.mjs' : 'api.mjs';
  const preloaded = [join(ROOT, 'examples', 'support', support)];
  if (setUp !== undefined) preloaded.push(write('telemetry.mjs', setUp.code));
  if (program.language === 'ts') compile(write('main.mts', program.code));
  else write('main.mjs', program.code);
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
function comparable(printed: string): string {
  return printed
    .trim()
    .replace(/<?[\d.]+ ?(?:ms|s)\b/g, 'TIME')
    .replace(/\b[0-9a-f]{32}\b/g, 'ID')
    .replace(/ +/g, ' ')
    .replace(/─+/g, '─');
}

/** What ends in `…` is the beginning of what is printed; a panel follows. */
function expectShown(printed: string, shown: string): void {
  const [start, cut] = comparable(shown).split('\n…');
  const [tree, panel] = comparable(printed).split('\n╭');
  expect(tree).toBe(start);
  if (cut === undefined) expect(panel).toBeUndefined();
  else
    expect(panel).toMatch(
      /Trace id.*Model.*Project.*Environment.*Duration.*Tokens.*Cost.*Model calls.*Retries.*Status/s,
    );
}

const sections = readSections();

test.each(sections.map((section) => [section.heading, section] as const))(
  '%s: prints or sends what the document shows',
  async (heading, section) => {
    const receiver = heading.includes('Uptrace') ? await startOtlpReceiver() : undefined;
    const sending = receiver && {
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    };
    try {
      const { code, stdout, stderr } = await startExample(prepare(section), {
        OTEL_TRACES_EXPORTER: section.setUp === undefined ? 'console' : 'none',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        ...sending,
      }).finished;
      expect(code, stderr).toBe(0);
      if (receiver === undefined)
        expectShown(section.program.code.includes('sink') ? stdout : stderr, section.output);
      else {
        expect(stderr).toBe('');
        assertSpanTree(receiver.spans, section.output);
      }
    } finally {
      await receiver?.close();
    }
  },
  PATIENCE,
);

test('every system has a program', () => {
  expect(sections.map(({ heading }) => heading.split(/[ :,]/)[0])).toEqual([
    "Langfuse's",
    'TraceLLM',
    'Spanlens',
    'LayerLens',
    'OpenTelemetry',
  ]);
});
