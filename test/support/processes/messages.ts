/** What a test sends to a process: run one of its steps. */
export interface StepRequest {
  readonly step: string;
  readonly parameters: readonly unknown[];
}

/** What the process sends back, in the order of the requests; once by itself, when it is ready. */
export type StepReply = { readonly result?: unknown } | { readonly error: string };

/** Sent instead of a step: flush, shut down, and end by having nothing left to do. */
export const STOP = 'stop';
