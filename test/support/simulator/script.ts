/** Tokens of one model call; `cached` and `reasoning` are parts of `prompt` and `completion`. */
export interface ScriptedUsage {
  readonly prompt: number;
  readonly completion: number;
  readonly cached?: number;
  readonly reasoning?: number;
}

/** One tool call of a step. */
export type ToolScript =
  /** Makes the run `requires_action`, where it stays until `submit_tool_outputs` brought all outputs. */
  | { readonly function: { readonly name: string; readonly arguments: unknown } }
  | { readonly codeInterpreter: { readonly input: string; readonly logs?: string; readonly images?: number } }
  | {
      readonly fileSearch: {
        /** OpenAI itself does not tell what was searched for; compatible servers do. */
        readonly query?: string;
        readonly results: readonly {
          readonly file_id: string;
          readonly file_name: string;
          readonly score: number;
          /** Only returned where the client asks for it with `include[]`. */
          readonly text?: string;
        }[];
      };
    };

/** One step of a run, that is one model call: it either writes a message or calls tools. */
export type StepScript =
  | { readonly message: string; readonly annotations?: readonly unknown[]; readonly usage?: ScriptedUsage }
  | { readonly tools: readonly ToolScript[]; readonly usage?: ScriptedUsage };

export type RunEnd = 'completed' | 'failed' | 'incomplete' | 'expired' | 'cancelled';

/**
 * How a run behaves. Every retrieve moves it on by one stage:
 *
 *     queued → in_progress → [step in progress → step done]… → the end
 *     step with functions: in progress → requires_action → (outputs) queued → in_progress
 *
 * With an end other than `completed` the last step is the one that is interrupted: it fails, expires or is
 * cancelled and its message stays incomplete. Functions are waited for first, except when the run expires.
 */
export interface RunScript {
  /** The model the run reports, whatever was asked for. */
  readonly model?: string;
  /** Default: one message. */
  readonly steps?: readonly StepScript[];
  /** Default: completed. */
  readonly end?: RunEnd;
  /** For `failed`. Default: a `server_error`. */
  readonly lastError?: { readonly code: string; readonly message: string };
  /** For `incomplete`. Default: `max_completion_tokens`. */
  readonly incompleteReason?: string;
  /** How many retrieves a stage lasts. Default: 1. */
  readonly pollsPerStage?: number;
  /** `false`: the steps carry no usage, as on old servers; the run still does. Default: true. */
  readonly stepUsage?: boolean;
}

export const DEFAULT_STEP: StepScript = { message: 'This is a simulated answer.' };
