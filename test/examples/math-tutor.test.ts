import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { startOtlpReceiver } from '../support/lanes/otlp.ts';
import { type Finished, ROOT, startExample, treeLines } from './program.ts';

const QUESTION = 'I need to solve the equation `3x + 11 = 14`. Can you help me?';

/** Runs the demo as `npm run demo` does once the package is built, in an environment with nothing set. */
function runDemo(
  parameters: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return startExample(['examples/math-tutor/main.ts', ...parameters], environment).finished;
}

let plain: Promise<Finished> | undefined;

/** The demo without options; several tests look at one run of it. */
function plainDemo(): Promise<Finished> {
  plain ??= runDemo();
  return plain;
}

describe.concurrent('the demo', () => {
  it('prints the tree of the recorded conversation, without content', async () => {
    const { stdout } = await plainDemo();
    const lines = treeLines(stdout);
    expect(lines.slice(0, lines.indexOf('tutoring session'))).toEqual([
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
    // The program prints the question in each of the two conversations; the trees do not.
    expect(stdout.split(QUESTION)).toHaveLength(1 + 2);
  });

  it('succeeds and prints the tree of the README', async () => {
    const [{ code, stdout, stderr }, readme] = await Promise.all([
      plainDemo(),
      readFile(`${ROOT}README.md`, 'utf8'),
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const [, block = ''] = readme.match(/```text\n(tutoring session .*?)```/s) ?? [];
    const shown = treeLines(block);
    expect(shown).toContain('tutoring session');
    const lines = treeLines(stdout);
    expect(lines.slice(lines.indexOf('tutoring session'))).toEqual(shown);
  });

  it('writes a page of the traces, and prints its path last', async () => {
    const { stdout } = await plainDemo();
    const path = stdout.trimEnd().split('\n').at(-1)?.trim() ?? '';
    expect(path).toBe(`${ROOT}math-tutor.html`);
    expect(await readFile(path, 'utf8')).toContain('invoke_agent Math Tutor');
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
      assertSpanTree(spans, EXPECTED_SPANS);
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

  it('shows the Math Tutor of @openai/agents with --agents, as its example does', async () => {
    const [{ code, stdout, stderr }, readme] = await Promise.all([
      runDemo(['--agents']),
      readFile(`${ROOT}examples/openai-agents/README.md`, 'utf8'),
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const [, block = ''] = readme.match(/```text\n(.*?)```/s) ?? [];
    expect(treeLines(block)).not.toEqual([]);
    expect(treeLines(stdout)).toEqual(treeLines(block));
  });

  it('shows a spoken Math Tutor with --realtime, as docs/sockets.md does', async () => {
    const [{ code, stdout, stderr }, sockets] = await Promise.all([
      runDemo(['--realtime']),
      readFile(`${ROOT}docs/sockets.md`, 'utf8'),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [, block = ''] = sockets.match(/```text\n(realtime .*?)```/s) ?? [];
    expect(treeLines(block)).toHaveLength(7);
    expect(treeLines(stdout)).toEqual(treeLines(block));
  });

  it('prints its usage for unknown arguments', async () => {
    const { code, stdout } = await runDemo(['--colour']);
    expect(stdout).toContain('--content');
    expect(code).toBe(2);
  });
});

const EXPECTED_SPANS = `
  recorded conversation
  ├─ create_agent Math Tutor
  ├─ POST /threads                          openai.thread.id={recorded}
  └─ thread                                 openai.thread.id={recorded} openai.total.input_tokens=381
     ├─ POST /threads/{thread_id}/messages  openai.thread.id={recorded}
     └─ invoke_agent Math Tutor             openai.run.id={run} openai.total.input_tokens=381
        ├─ chat gpt-4o-mini                 openai.step.id={step} gen_ai.usage.input_tokens=154
        ├─ execute_tool code_interpreter    openai.step.id={step}
        └─ chat gpt-4o-mini                 openai.step.id=* gen_ai.usage.input_tokens=227

  tutoring session
  ├─ POST /vector_stores
  ├─ create_agent Math Tutor
  ├─ POST /threads                          openai.thread.id={thread}
  └─ thread                                 openai.thread.id={thread} openai.total.input_tokens=1789
     ├─ POST /threads/{thread_id}/messages  openai.thread.id={thread}
     ├─ POST /threads/{thread_id}/messages  openai.thread.id={thread}
     ├─ invoke_agent Math Tutor             openai.run.id=run_000001 openai.total.input_tokens=409
     │  ├─ chat gpt-4o-mini                 openai.step.id=step_000001 gen_ai.usage.input_tokens=171
     │  ├─ execute_tool code_interpreter    openai.step.id=step_000001
     │  └─ chat gpt-4o-mini                 openai.step.id=step_000002 gen_ai.usage.input_tokens=238
     ├─ GET /threads/{thread_id}/messages   openai.thread.id={thread}
     ├─ POST /threads/{thread_id}/messages  openai.thread.id={thread}
     └─ invoke_agent Math Tutor             openai.run.id=run_000002 openai.total.input_tokens=1380
        ├─ chat gpt-4o-mini                 openai.step.id=step_000003 gen_ai.usage.input_tokens=294
        ├─ execute_tool file_search         openai.step.id=step_000003
        ├─ chat gpt-4o-mini                 openai.step.id=step_000004 gen_ai.usage.input_tokens=517
        ├─ execute_tool convert_length      openai.step.id=step_000004
        └─ chat gpt-4o-mini                 openai.step.id=step_000005 gen_ai.usage.input_tokens=569
`;
