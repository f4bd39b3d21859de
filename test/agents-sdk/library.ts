/**
 * The part of `@openai/agents` that tests use, which is in every version that they run with. The library is imported by
 * a name that the compiler does not follow: the types of its versions differ.
 */
export interface AgentsLibrary {
  readonly Agent: new (config: { readonly name: string } & Readonly<Record<string, unknown>>) => LibraryAgent;
  readonly Runner: (new (
    config?: Readonly<Record<string, unknown>>,
  ) => LibraryRunner) & {
    readonly prototype: object;
  };
  readonly OpenAIProvider: new (config: Readonly<Record<string, unknown>>) => object;
  readonly RunState: { fromString(agent: LibraryAgent, state: string): Promise<RunState> };
  readonly MemorySession: new (options?: { readonly sessionId?: string }) => object;
  readonly Usage: new (usage: object) => object;
  tool(options: Readonly<Record<string, unknown>>): object;
  /** Not in all versions. */
  toolNamespace?(options: Readonly<Record<string, unknown>>): readonly object[];
  hostedMcpTool(options: Readonly<Record<string, unknown>>): object;
  shellTool(options: Readonly<Record<string, unknown>>): object;
  handoff(agent: LibraryAgent, options?: Readonly<Record<string, unknown>>): object;
  withTrace<Result>(name: string, run: () => Promise<Result>, options?: object): Promise<Result>;
  /** Not in all versions. */
  withTraceContext?<Result>(context: { readonly trace: unknown }, run: () => Result): Result;
  getCurrentTrace(): { readonly traceId: string } | null;
  setTracingDisabled(disabled: boolean): void;
  setTraceProcessors(processors: readonly object[]): void;
  setTracingContextStorage?(storage: object | undefined): void;
  createCustomSpan(options: SpanDetails): LibrarySpan;
  setCurrentSpan(span: LibrarySpan): void;
  resetCurrentSpan(): void;
  withGenerationSpan<Result>(run: (span: { readonly spanData: object }) => Promise<Result>): Promise<Result>;
  withCustomSpan<Result>(run: () => Promise<Result>, options: SpanDetails): Promise<Result>;
  withSpeechSpan<Result>(run: () => Promise<Result>, options: SpanDetails): Promise<Result>;
  withTranscriptionSpan<Result>(run: () => Promise<Result>, options: SpanDetails): Promise<Result>;
}

interface LibrarySpan {
  start(): void;
  end(): void;
}

interface SpanDetails {
  readonly data: Readonly<Record<string, unknown>>;
}

export interface LibraryAgent {
  readonly name: string;
  asTool(options: Readonly<Record<string, unknown>>): object;
}

export interface LibraryRunner {
  run(
    agent: LibraryAgent,
    input: unknown,
    options: Readonly<Record<string, unknown>> & { readonly stream: true },
  ): Promise<StreamedRun>;
  run(agent: LibraryAgent, input: unknown, options?: Readonly<Record<string, unknown>>): Promise<RunResult>;
}

export interface RunResult {
  readonly finalOutput?: unknown;
  readonly interruptions: readonly object[];
  readonly state: RunState;
}

export interface RunState {
  approve(interruption: object): void;
  reject(interruption: object): void;
  toString(): string;
  getInterruptions(): readonly object[];
}

export interface StreamedRun extends RunResult, AsyncIterable<{ readonly type: string }> {
  readonly completed: Promise<void>;
  toTextStream(): AsyncIterable<string>;
}

const NAME: string = process.env.AGENTS_LIBRARY ?? '@openai/agents';

export const library: AgentsLibrary = await import(NAME);
