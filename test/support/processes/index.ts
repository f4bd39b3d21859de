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
import { assertSpanTree } from '../../../src/testing.ts';
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
  /** Stops all processes, and compares all their spans with a tree. */
  expectTree(expected: string): Promise<void>;
}

const OURS = 'opentelemetry-instrumentation-openai';
const closing: (() => Promise<void>)[] = [];

/** Whatever became of the test, no process outlives it, and all spans are checked against the conventions. */
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** @param baseURL of the API that the processes talk to */
export async function startProcesses({ baseURL }: { readonly baseURL: string }): Promise<Processes> {
  const receiver = await startOtlpReceiver();
  const children: Child[] = [];
  const spans = (): ReceivedSpan[] =>
    receiver.spans.map((span) => ({ ...span, attributes: { ...span.attributes, process: span.service } }));
  const stop = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.stop()));
  };
  closing.push(async () => {
    await Promise.all(children.map((child) => child.kill()));
    await receiver.close();
    verify(receiver.spans);
  });
  return {
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
    async expectTree(expected) {
      await stop();
      assertSpanTree(spans(), expected);
    },
  };
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
