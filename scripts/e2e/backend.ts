import type { StoredPoint, StoredSpan } from './sent.ts';

export type Protocol = 'grpc' | 'http';

/** A backend that can be started on a developer's machine. To try another, write a file and give it a row. */
export interface Backend {
  readonly name: string;
  readonly version: string;
  /** How OTLP reaches it. */
  readonly protocols: readonly Protocol[];
  /**
   * Brings it to this machine, into the cache folder, unless it is there.
   *
   * @returns the command that starts it; empty where there is none
   * @throws NotAvailable
   */
  install(): Promise<string>;
  start(command: string): Promise<RunningBackend>;
}

/** At least one of the two that read is there. */
export interface RunningBackend {
  /** What a program sets to send there: standard variables. */
  environment(protocol: Protocol): Readonly<Record<string, string>>;
  /** The spans of a trace, as far as they have arrived. */
  readonly readSpans?: (traceId: string) => Promise<StoredSpan[]>;
  /** The last value of a metric's points, as far as they have arrived. */
  readonly readPoints?: (metric: string, unit: string) => Promise<StoredPoint[]>;
  /** Throws where something else is not as it should be. */
  readonly check?: () => Promise<void>;
  /** Where a person looks at a trace, if there is such a page. */
  readonly page?: (traceId: string) => Promise<Page>;
  stop(): Promise<void>;
}

export interface Page {
  readonly url: string;
  /** Texts that are clicked on in this order, each as soon as it is there. */
  readonly clicks?: readonly string[];
  /** Texts that are there when the page is complete. */
  readonly shows: readonly string[];
}

/** A backend that this machine cannot have: it is skipped, for this reason. */
export class NotAvailable extends Error {}
