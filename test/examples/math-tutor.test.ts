import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Completed } from '../support/lanes/command.ts';
import { startOtlpReceiver } from '../support/lanes/otlp.ts';
import { ROOT, startExample, treeLines } from './program.ts';

const QUESTION = 'I need to solve the equation `3x + 11 = 14`. Can you help me?';

/** Runs the demo as `npm run demo` does once the package is built, in an environment with nothing set. */
function runDemo(
  parameters: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Completed> {
  return startExample(['examples/math-tutor/main.ts', ...parameters], environment).finished;
}

/** The lines of the first tree in a document that begins with a word. */
async function treeIn(document: string, word = ''): Promise<string[]> {
  const text = await readFile(`${ROOT}${document}`, 'utf8');
  const [, block = ''] = text.match(new RegExp(`\`\`\`text\\n(${word}.*?)\`\`\``, 's')) ?? [];
  return treeLines(block);
}

describe.concurrent('the demo', () => {
  it('prints the tree of the README, then the same lesson with the Assistants API, and writes a page', async () => {
    const { code, stdout, stderr } = await runDemo();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const today = await treeIn('README.md', 'conversation ');
    expect(today).toContain('├─ execute_tool convert_length  fc_000001');
    const assistants = await treeIn('docs/trees.md', 'tutoring session ');
    expect(assistants).toContain(
      '   ├─ invoke_agent Math Tutor  run_000001 · completed · total 409 → 61 tokens · total $0.000098 · 1 user message · stop · 6 polls',
    );
    expect(treeLines(stdout)).toEqual([...today, ...assistants]);
    // The program prints the question in each of the two conversations; the trees do not.
    expect(stdout.split(QUESTION)).toHaveLength(1 + 2);
    // The path of the page comes last.
    const path = stdout.trimEnd().split('\n').at(-1)?.trim() ?? '';
    expect(path).toBe(`${ROOT}math-tutor.html`);
    const page = await readFile(path, 'utf8');
    expect(page).toContain('conv_000001');
    expect(page).toContain('invoke_agent Math Tutor');
  });

  it('prints with --recorded the tree of a recorded conversation', async () => {
    const { code, stdout, stderr } = await runDemo(['--recorded']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(treeLines(stdout)).toEqual([
      'recorded conversation',
      '├─ create_agent Math Tutor  asst_eXyrYQvlVGnRBIVYf7r9U1FN',
      '├─ POST /threads  thread_1HjgF1qM3kuRK2aviYYaLlxF',
      '└─ thread  thread_1HjgF1qM3kuRK2aviYYaLlxF · total 381 → 88 tokens · total $0.00011 · 1 run · 1 user message',
      '   ├─ POST /threads/{thread_id}/messages  msg_2FFY2QSijHEY7sEAuwes7Thl',
      '   └─ invoke_agent Math Tutor  run_PS0ksndVoX7DxtmdXn66ZMXU · completed · total 381 → 88 tokens · total $0.00011 · 1 user message · stop · 94 chunks',
      '      ├─ chat gpt-4o-mini  step_swXK2ebQ3TtY6NlhcKjepIEL · 154 → 62 tokens · $0.000060 · tool_calls',
      '      ├─ execute_tool code_interpreter  step_swXK2ebQ3TtY6NlhcKjepIEL',
      '      └─ chat gpt-4o-mini  step_mus62zEh9JQqUZf7k1B5F65N · 227 → 26 tokens · $0.000050 · stop',
    ]);
  });

  it('shows content with --content', async () => {
    const { code, stdout } = await runDemo(['--content']);
    expect(code).toBe(0);
    expect(stdout).toContain(`› user "${QUESTION}"`);
    expect(stdout).toContain('‹ assistant convert_length({"value":42.195,"from":"km","to":"mi"})');
    expect(stdout).toContain('‹ {"value":"26.22 mi"}');
  });

  it('sends the traces to an OTLP endpoint with --otlp, and prints that it did', async () => {
    const receiver = await startOtlpReceiver();
    try {
      const { code, stdout, stderr } = await runDemo(['--otlp'], {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      });
      expect(stderr).toBe('');
      expect(code).toBe(0);
      const { spans } = receiver;
      expect(stdout).toContain(`Sent ${spans.length} spans to ${receiver.url} (OTLP/gRPC).`);
      for (const span of spans) expect(stdout).toContain(span.spanContext().traceId);
      // They are those of the trees that it prints.
      const printed = treeLines(stdout).map((line) => line.replace(/^[ │├└─]*/, '').split('  ')[0]);
      expect(spans.map(({ name }) => name).toSorted()).toEqual(printed.toSorted());
    } finally {
      await receiver.close();
    }
  });

  it('reports an unreachable endpoint and fails', async () => {
    const { code, stdout, stderr } = await runDemo(['--otlp'], {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    });
    expect(stderr).toBe('');
    expect(stdout).toContain('The spans could not be sent to http://127.0.0.1:1 (OTLP/gRPC):');
    expect(treeLines(stdout)).toContain('tutoring session');
    expect(code).toBe(1);
  });

  it('says with --live that there is no live page, shows the traces, and fails', async () => {
    const { code, stdout } = await runDemo(['--live'], {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    });
    expect(stdout).toContain('There is no live page at http://127.0.0.1:1.');
    expect(treeLines(stdout)).toContain('tutoring session');
    expect(code).toBe(1);
  });

  it.each([
    ['--agents', 'examples/openai-agents/README.md', undefined],
    ['--realtime', 'docs/sockets.md', 'realtime '],
  ])('shows with %s the tree of %s', async (parameter, document, word) => {
    const { code, stdout, stderr } = await runDemo([parameter]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const shown = await treeIn(document, word);
    expect(shown.length).toBeGreaterThan(5);
    expect(treeLines(stdout)).toEqual(shown);
  });

  it('prints its usage for unknown arguments', async () => {
    const { code, stdout } = await runDemo(['--colour']);
    expect(stdout).toContain('--content');
    expect(code).toBe(2);
  });
});
