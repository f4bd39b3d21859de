import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { ROOT, startExample } from '../examples/program.ts';
import { startOtlpReceiver } from '../support/lanes/otlp.ts';
import { comparable, prepare, readSections, type Section } from './coming-from.ts';

const DIRECTORY = join(ROOT, `.docs-run-${process.pid}`);
const PATIENCE = 120_000;

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

afterAll(() => rmSync(DIRECTORY, { recursive: true, force: true }));

const sections = readSections();

/** The command that runs the programs of a section. */
function commandOf(section: Section): string[] {
  const [name = ''] = section.heading.split(/[ :]/);
  const simulation = `export function simulate(simulator) { ${SIMULATIONS[name] ?? ''} }`;
  return prepare(section, join(DIRECTORY, name), simulation);
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

/** One program sends its spans; the others print them, or events. */
const SENDING = sections.filter(({ heading }) => heading.includes('Uptrace'));
const PRINTING = sections.filter((section) => !SENDING.includes(section));

test.each(PRINTING.map((section) => [section.heading, section] as const))(
  '%s: prints what the document shows',
  async (_, section) => {
    const printsEvents = section.program.code.includes('sink');
    const { code, stdout, stderr } = await startExample(commandOf(section), {
      OTEL_TRACES_EXPORTER: section.setUp === undefined ? 'console' : 'none',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    }).finished;
    expectShown(printsEvents ? stdout : stderr, section.output);
    expect(code).toBe(0);
  },
  PATIENCE,
);

test.each(SENDING.map((section) => [section.heading, section] as const))(
  '%s: sends what the document shows',
  async (_, section) => {
    const receiver = await startOtlpReceiver();
    try {
      const { code, stderr } = await startExample(commandOf(section), {
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
      }).finished;
      expect([code, stderr]).toEqual([0, '']);
      assertSpanTree(receiver.spans, section.output);
    } finally {
      await receiver.close();
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
