/**
 * Tests across processes: each child is a real Node process with a setup of its own, and exports over OTLP to
 * one receiver, as in production. A child's program is a `.ts` file that calls `serve` with its steps:
 *
 * ```ts
 * // programs/greeter.ts
 * export type Greeter = { greet(name: string): Promise<string> };
 * await serve<Greeter>(({ client, inSpan }) => ({
 *   greet: (name) => inSpan('greeting', async () => …),
 * }));
 *
 * // the test
 * const processes = await startProcesses({ baseURL: simulator.url });
 * const web = await processes.start<Greeter>('web', new URL('./programs/greeter.ts', import.meta.url));
 * await web.call('greet', 'Ada');
 * await processes.expectTree(`greeting  process=web`);
 * ```
 */
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import { assertSpanTree, type SpanTreeOptions } from '../../../src/testing.ts';
import { checkSpan } from '../conventions/check.ts';
import { type ReceivedPoint, type ReceivedSpan, startOtlpReceiver } from '../lanes/otlp.ts';
import { Child, processEnvironment, type RunningProcess } from './child.ts';
import type { Steps } from './serve.ts';

export type { ReceivedPoint, ReceivedSpan } from '../lanes/otlp.ts';
export type { RunningProcess } from './child.ts';

export interface Processes {
  /**
   * Starts a process, and waits until it is ready.
   *
   * @param name its `service.name`
   * @param program a `.ts` file that calls `serve`
   * @param env beside what sets up the export, such as `OTEL_INSTRUMENTATION_OPENAI_ADOPT_RUNS`
   */
  start<Known extends Steps<Known>>(
    name: string,
    program: URL,
    env?: Readonly<Record<string, string>>,
  ): Promise<RunningProcess<Known>>;
  /** Stops all processes: each flushes what it has, and ends. */
  stop(): Promise<void>;
  /**
   * All spans of all processes that have been exported; after `stop`, all there are. The attribute `process` says
   * which one each comes from.
   */
  readonly spans: readonly ReceivedSpan[];
  /** All points of all metrics, each as what came since the one before. */
  readonly metrics: readonly ReceivedPoint[];
  /** Stops all processes, and compares all their spans, or only some, with a tree. */
  expectTree(expected: string, options?: ExpectTreeOptions): Promise<void>;
  /** Ends what is left, and checks all spans against the conventions; done by itself unless they are shared. */
  close(): Promise<void>;
}

export interface ExpectTreeOptions extends SpanTreeOptions {
  readonly only?: (span: ReceivedSpan) => boolean;
}

export interface ProcessesOptions {
  /** Of the API that the processes talk to. */
  readonly baseURL: string;
  /** Several tests use them: they live until `close`. */
  readonly shared?: boolean;
}

const OURS = 'opentelemetry-instrumentation-openai';
const running: Processes[] = [];

/** Whatever became of the test, no process outlives it. */
afterEach(async () => {
  for (const processes of running.splice(0)) await processes.close();
});

export async function startProcesses({ baseURL, shared }: ProcessesOptions): Promise<Processes> {
  const receiver = await startOtlpReceiver();
  const children: Child[] = [];
  const spans = (): ReceivedSpan[] =>
    receiver.spans.map((span) => ({ ...span, attributes: { ...span.attributes, process: span.service } }));
  const stop = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.stop()));
  };
  const processes: Processes = {
    async start<Known extends Steps<Known>>(name: string, program: URL, env = {}) {
      const known = processEnvironment(name, baseURL, receiver.url);
      const child = new Child(name, fileURLToPath(program), { ...known, ...env });
      children.push(child);
      await child.reply();
      return child as RunningProcess<Known>;
    },
    stop,
    get spans() {
      return spans();
    },
    metrics: receiver.metrics,
    async expectTree(expected, { only = () => true, ...options } = {}) {
      await stop();
      assertSpanTree(spans().filter(only), expected, options);
    },
    async close() {
      await Promise.all(children.map((child) => child.kill()));
      await receiver.close();
      verify(receiver.spans);
    },
  };
  if (shared !== true) running.push(processes);
  return processes;
}

/** The same check as within a process. */
function verify(spans: readonly ReceivedSpan[]): void {
  const findings = spans
    .filter(({ scope }) => scope === OURS)
    .flatMap(({ attributes, status: { code }, ...span }) =>
      checkSpan({ ...span, attributes: { ...attributes }, status: { code } }, { content: false }),
    );
  if (findings.length > 0) throw new Error(`Findings of the convention check:\n${findings.join('\n')}`);
}
