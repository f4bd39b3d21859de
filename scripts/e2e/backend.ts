import type { StoredPoint, StoredSpan } from './sent.ts';

export type Protocol = 'grpc' | 'http';

/** A backend that runs on a developer's machine. To try another one, write a file and add it to `BACKENDS`. */
export interface Backend {
  readonly name: string;
  readonly version: string;
  /** The protocols over which it receives OTLP. */
  readonly protocols: readonly Protocol[];
  /**
   * Installs it into the cache folder, unless it is there already.
   *
   * @returns the command that starts it; empty if there is none
   * @throws NotAvailable
   */
  install(): Promise<string>;
  start(command: string): Promise<RunningBackend>;
}

/** A running backend. It has at least one of `readSpans` and `readPoints`. */
export interface RunningBackend {
  /** The standard variables with which a program sends to it. */
  environment(protocol: Protocol): Readonly<Record<string, string>>;
  /** Reads the spans of a trace that have arrived so far. */
  readonly readSpans?: (traceId: string) => Promise<StoredSpan[]>;
  /** Reads the last values of a metric's points that have arrived so far. */
  readonly readPoints?: (metric: string, unit: string) => Promise<StoredPoint[]>;
  /** Checks anything else. @returns what was checked, for the table. @throws Error if something is wrong */
  readonly check?: () => Promise<string>;
  /** The page that shows a trace, if the backend has one. */
  readonly page?: (traceId: string) => Promise<Page>;
  stop(): Promise<void>;
}

export interface Page {
  readonly url: string;
  /** The texts to click in this order, each as soon as it appears. */
  readonly clicks?: readonly string[];
  /** The texts that a complete page shows. */
  readonly shows: readonly string[];
}

/** Thrown if a backend cannot be installed on this machine. It is then skipped, and the message says why. */
export class NotAvailable extends Error {}
