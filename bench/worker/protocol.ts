import type { Signals } from '../telemetry.ts';

/** What a worker runs. */
export interface Assignment {
  /** The name of a variant. */
  readonly variant: string;
  /** The name of a case. */
  readonly measured: string;
  /** The folder in which `openai`, OpenTelemetry and the variant are installed. */
  readonly folder: string;
  /** The server that answers. Without one, answers come from the worker's own memory. */
  readonly server?: string;
  /** Whether spans and log records are also serialized to OTLP requests. */
  readonly exported?: boolean;
}

/** A command for a worker, with the number of operations. */
export interface Order {
  readonly command: CommandName | 'signals';
  readonly operations: number;
}

export type CommandName = 'cpu' | 'allocated' | 'kept' | 'firstChunk' | 'blocked' | 'loopDelay';

export interface Answer {
  /** The value that the command measured. */
  readonly value: number;
  /** The number of spans that ended per operation. */
  readonly spans: number;
  /** The number of spans that are open at the end. */
  readonly open: number;
  /** What one operation records, for the command `signals`. */
  readonly signals?: Signals;
}

export type Message = { readonly ready: true } | { readonly failed: string } | Answer;
