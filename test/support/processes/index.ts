/**
 * Tests across processes: each child is a real Node process with a setup of its own, and exports over OTLP to
 * one receiver, as in production. A child's program is a `.ts` file that calls `serve` with its steps, such as
 * `test/support/scripted/process.ts`:
 *
 * ```ts
 * const processes = await startProcesses({ baseURL: simulator.url });
 * const web = await processes.start<ScriptedProcess>('web', PROGRAM);
 * await web.call('prepare', 'Assistants', {});
 * await processes.stop();
 * assertSpanTree(processes.spans, '…');
 * ```
 */
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { checkSpan } from '../conventions/check.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../lanes/otlp.ts';
import { Child, processEnvironment, type RunningProcess } from './child.ts';
import type { Steps } from './serve.ts';

export type { ReceivedSpan } from '../lanes/otlp.ts';
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
  /** All spans of all processes that have been exported; after `stop`, all there are. */
  readonly spans: readonly ReceivedSpan[];
  /** All points of all metrics, each as what came since the one before. */
  readonly metrics: OtlpReceiver['metrics'];
}

const OURS = 'opentelemetry-instrumentation-openai';

/**
 * Whatever becomes of the test, no process outlives it, and all spans are checked against the conventions.
 *
 * @param baseURL of the API that the processes talk to
 */
export async function startProcesses({ baseURL }: { readonly baseURL: string }): Promise<Processes> {
  const receiver = await startOtlpReceiver();
  const children: Child[] = [];
  onTestFinished(async () => {
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
    async stop() {
      await Promise.all(children.map((child) => child.stop()));
    },
    spans: receiver.spans,
    metrics: receiver.metrics,
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
