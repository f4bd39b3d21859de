import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { context, logs, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { instrumentOpenAI } from '../../src/client.ts';
import { Ledger } from '../../test/support/accounting/ledger.ts';
import { below, OPERATIONS } from './operations.ts';
import type { PeerReply, PeerRequest } from './peer.ts';
import { choose, randomFrom } from './random.ts';
import type { Checkpoint, SoakReport } from './report.ts';

const AT_ONCE = 16;
const CHECKPOINTS = 20;
/** The timeout of an export, in milliseconds. It is long: a slow export that is given up may arrive and count twice. */
const PATIENCE = 120_000;

/** The limits are so small that all maps are full before the heap is measured. */
const CONFIG = {
  captureMessageContent: 'SPAN_AND_EVENT',
  maxConversations: 100,
  conversationIdleTimeout: 200,
  runTimeout: 1_000,
  cost: false,
  prices: { 'gpt-*': { input_mtok: 2.5, output_mtok: 10 } },
  events: { sink: () => undefined, preset: 'full' },
} as const;

/** Runs a number of operations of all kinds with an API and a backend that sometimes fail, and counts the outcomes. */
export async function soak(count: number, tell: (line: string) => void): Promise<SoakReport> {
  const peer = new Peer();
  const { receiverUrl } = await peer.ask('renew');
  const ledger = new Ledger(new OTLPTraceExporter({ url: receiverUrl, timeoutMillis: PATIENCE }), {
    batch: {
      scheduledDelayMillis: 50,
      maxExportBatchSize: 256,
      maxQueueSize: 4_096,
      exportTimeoutMillis: PATIENCE,
    },
    breaker: { failures: 5, pause: 250, timeout: PATIENCE },
  });
  const provider = register(ledger);
  instrumentOpenAI(OpenAI, CONFIG);
  let unhandled = 0;
  process.on('unhandledRejection', () => unhandled++);
  const work = new Work();
  const checkpoints: Checkpoint[] = [];
  const start = performance.now();
  for (let step = 1; step <= CHECKPOINTS; step++) {
    const { apiUrl } = await peer.ask('renew');
    const client = new OpenAI({ apiKey: 'test', baseURL: apiUrl, maxRetries: 0, logLevel: 'off' });
    await work.doUpTo(Math.round((count * step) / CHECKPOINTS), client);
    await provider.forceFlush().catch(() => undefined);
    checkpoints.push(await look(work.done, ledger));
    tell(JSON.stringify(checkpoints.at(-1)));
  }
  const seconds = (performance.now() - start) / 1e3;
  await ledger.drained();
  await provider.shutdown().catch(() => undefined);
  const account = await ledger.settled();
  const { taken } = await peer.ask('count');
  peer.end();
  const { answered, failed } = work;
  return { operations: count, answered, failed, seconds, account, taken, checkpoints, unhandled };
}

class Work {
  answered = 0;
  failed = 0;
  readonly #random = randomFrom(2);
  readonly #tracer = trace.getTracer('soak');
  #begun = 0;

  get done(): number {
    return this.answered + this.failed;
  }

  async doUpTo(count: number, client: OpenAI): Promise<void> {
    const worker = async (): Promise<void> => {
      while (this.#begun < count) await this.#doOne(this.#begun++, client);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async #doOne(round: number, client: OpenAI): Promise<void> {
    const operation = choose(OPERATIONS, this.#random());
    const span = this.#random() < 0.5 ? this.#tracer.startSpan(operation.name) : undefined;
    const active = span === undefined ? context.active() : trace.setSpan(context.active(), span);
    try {
      await context.with(active, () => below(span, () => operation.run(client, round)));
      this.answered++;
    } catch {
      this.failed++;
    }
  }
}

/** Measures the program at rest. Streams that nothing reads are gone only after several garbage collections. */
async function look(operations: number, ledger: Ledger): Promise<Checkpoint> {
  for (let turn = 0; turn < 10; turn++) {
    globalThis.gc?.();
    await (turn < 5 ? nextTurn() : delay(20));
  }
  const { open } = await ledger.account();
  const handles = process.getActiveResourcesInfo().length;
  return { operations, heap: process.memoryUsage().heapUsed, handles, openSpans: open.length };
}

function register(ledger: Ledger): TracerProvider {
  const provider = new TracerProvider({ spanProcessors: [...ledger.processors] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(provider);
  const nothing = async (): Promise<void> => undefined;
  const exporter = {
    export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    forceFlush: nothing,
    shutdown: nothing,
  };
  const reader = new PeriodicExportingMetricReader({
    exporter: { ...exporter, selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE },
    exportIntervalMillis: 1_000,
    exportTimeoutMillis: 1_000,
  });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  logs.setGlobalLoggerProvider(
    new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }),
  );
  return provider;
}

class Peer {
  readonly #child = fork(new URL('peer.ts', import.meta.url), { execArgv: [] });

  async ask(request: PeerRequest): Promise<PeerReply> {
    this.#child.send(request);
    const [reply] = (await once(this.#child, 'message')) as [PeerReply];
    return reply;
  }

  end(): void {
    this.#child.disconnect();
  }
}
