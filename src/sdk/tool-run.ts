/** A function of the program's that the model has asked for, about to be run by a helper of the SDK. */
export interface ToolRun {
  /** The client of the helper. */
  readonly client: object;
  readonly name: string;
  /** As the function gets them: parsed, or JSON text. */
  readonly arguments: unknown;
  /** The tool calls that the model has made of this function, one of which this is. */
  readonly calls: () => readonly MadeCall[];
  readonly run: () => unknown;
}

/** A tool call as a chat completion has it. */
export interface MadeCall {
  readonly id: string;
  readonly arguments: unknown;
}
