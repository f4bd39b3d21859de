import type { Outcome, OutcomeListener } from '../util/watch-result.ts';

/** What helpers of the SDK report, which are no calls themselves. */
export interface HelperObserver {
  /** Runs before a helper starts a loop of model and tool calls. */
  startLoop?(): OutcomeListener | undefined;
  /** Must call `tool.run` and return its result. */
  runTool?(tool: ToolRun): unknown;
  startWebhook?(client: object): Outcome | undefined;
}

export interface ModelToolCall {
  readonly id: string;
  readonly arguments: unknown;
}

/** A function of the program that the model asked for and that a helper is about to run. */
export interface ToolRun {
  readonly client: object;
  readonly name: string;
  readonly description: string | undefined;
  /** The arguments that the function gets: parsed, or as JSON text. */
  readonly arguments: unknown;
  /** The tool calls with which the model asked for this function. */
  readonly calls: () => readonly ModelToolCall[];
  /** The messages to which the model answered with these tool calls. */
  readonly history: () => readonly unknown[];
  readonly run: () => unknown;
}
