import type { Signals } from '../telemetry.ts';

/** What a worker observes, and how. */
export interface Assignment {
  /** Name of a variant. */
  readonly variant: string;
  /** Name of a case. */
  readonly measured: string;
  /** The folder in which `openai`, OpenTelemetry and the variant are installed. */
  readonly folder: string;
  /** A server to ask; without one the answers come from the worker's own memory. */
  readonly server?: string;
  /** Whether what is recorded becomes OTLP requests, too. */
  readonly exported?: boolean;
}

/** What a worker can be told to do with so many operations. */
export interface Order {
  readonly command: CommandName | 'signals';
  readonly operations: number;
}

export type CommandName = 'cpu' | 'allocated' | 'kept' | 'firstChunk' | 'blocked' | 'loopDelay';

export interface Answer {
  /** What the command measured. */
  readonly value: number;
  /** Spans that ended, for each operation. */
  readonly spans: number;
  /** Spans that are open when it is over. */
  readonly open: number;
  /** What one operation records, for the command `signals`. */
  readonly signals?: Signals;
}

export type Message = { readonly ready: true } | { readonly failed: string } | Answer;
