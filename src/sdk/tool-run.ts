import type { OutcomeListener } from '../util/watch-result.ts';

/** A function of the program that the model asked for and that a helper of the SDK is about to run. */
export interface ToolRun {
  /** The client of the helper. */
  readonly client: object;
  readonly name: string;
  /** As the function gets them: parsed, or JSON text. */
  readonly arguments: unknown;
  /** The tool calls of the model to this function. This run is one of them. */
  readonly calls: () => readonly MadeCall[];
  /** The messages that the model answered with them. */
  readonly history: () => readonly unknown[];
  readonly run: () => unknown;
}

/** A tool call as a chat completion has it. */
export interface MadeCall {
  readonly id: string;
  readonly arguments: unknown;
}

/** Decides how the SDK's own loops of model and tool calls are observed. */
export interface HelperObserver {
  /** Runs the function and returns its result. */
  runTool?(tool: ToolRun): unknown;
  /** Called when a helper is about to start a loop. */
  startLoop?(): OutcomeListener | undefined;
}
