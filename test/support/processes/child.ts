import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { STOP, type StepReply, type StepRequest } from './messages.ts';
import type { Steps } from './serve.ts';

/** A process under test. */
export interface RunningProcess<Known extends Steps<Known>> {
  /** Has it do a step, and waits for the result; rejects with the step's own error. One at a time. */
  call<Step extends keyof Known & string>(
    step: Step,
    ...parameters: Parameters<Known[Step]>
  ): Promise<Awaited<ReturnType<Known[Step]>>>;
  /** Has it flush and end, and waits for that. Fails if something else ends it. */
  stop(): Promise<void>;
}

/** A process as it is driven: one request, one reply. */
export class Child {
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #closed: Promise<[code: number | null]>;
  readonly #replies: { resolve(result: unknown): void; reject(error: Error): void }[] = [];
  #output = '';

  constructor(name: string, program: string, env: Readonly<Record<string, string>>) {
    this.#name = name;
    this.#process = fork(program, {
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    this.#closed = once(this.#process, 'close') as Promise<[number | null]>;
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    this.#process.on('message', (reply: StepReply) => {
      const waiting = this.#replies.shift();
      if ('error' in reply) waiting?.reject(new Error(`${name}: ${reply.error}`));
      else waiting?.resolve(reply.result);
    });
    void this.#closed.then(() => {
      for (const { reject } of this.#replies.splice(0)) reject(this.#endedEarly());
    });
  }

  /** The next message that it sends. */
  reply(): Promise<unknown> {
    if (!this.#process.connected) return Promise.reject(this.#endedEarly());
    return new Promise((resolve, reject) => this.#replies.push({ resolve, reject }));
  }

  async call(step: string, ...parameters: unknown[]): Promise<unknown> {
    const reply = this.reply();
    if (this.#process.connected) this.#process.send({ step, parameters } satisfies StepRequest);
    return await reply;
  }

  /** It ends because it has nothing left to do: nothing that is ours may keep it. */
  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.send(STOP);
    const [code] = await this.#closed;
    if (code !== 0) throw this.#endedEarly();
  }

  /** Ends it at once, if it is still there. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#closed;
  }

  #endedEarly(): Error {
    return new Error(`The process ${this.#name} ended with ${this.#process.exitCode}:\n${this.#output}`);
  }
}

/** What sets up a process: its name, the API, and where it exports to. */
export function processEnvironment(name: string, baseURL: string, receiver: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
    BASE_URL: baseURL,
    OTEL_SERVICE_NAME: name,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_NODE_RESOURCE_DETECTORS: 'env',
    // Prices change with every version of the price package: only tests of costs have any.
    OTEL_INSTRUMENTATION_OPENAI_COST: 'false',
  };
}
