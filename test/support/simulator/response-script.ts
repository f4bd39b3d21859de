import type { ScriptedUsage } from './script.ts';

/** One thing the model puts out: an item, or two where a hosted tool's output is an item of its own. */
export type OutputScript =
  | { readonly message: string; readonly annotations?: readonly unknown[] }
  | { readonly refusal: string }
  /** Summaries of what was thought; `text` is the thoughts themselves, which open models show. */
  | { readonly reasoning: readonly string[]; readonly text?: string }
  | {
      readonly function: {
        readonly name: string;
        readonly namespace?: string;
        readonly arguments: unknown;
      };
    }
  | { readonly custom: { readonly name: string; readonly input: string } }
  | {
      readonly webSearch: {
        readonly query: string;
        readonly sources?: readonly string[];
      };
    }
  | {
      readonly fileSearch: {
        readonly queries: readonly string[];
        /** Only returned where the client asks for them with `include[]`. */
        readonly results?: readonly {
          readonly file_id: string;
          readonly filename: string;
          readonly score: number;
          readonly text: string;
        }[];
      };
    }
  | {
      readonly codeInterpreter: {
        readonly code: string;
        /** Only returned, like the images, where the client asks for them with `include[]`. */
        readonly logs?: string;
        readonly images?: number;
      };
    }
  | { readonly imageGeneration: { readonly revisedPrompt?: string } }
  | { readonly computer: { readonly action: Readonly<Record<string, unknown>> } }
  | { readonly mcpListTools: { readonly server: string; readonly tools: readonly string[] } }
  | {
      readonly mcpCall: {
        readonly server: string;
        readonly name: string;
        readonly arguments: unknown;
        readonly output?: string;
        /** The tool failed with this message. */
        readonly error?: string;
      };
    }
  | {
      readonly mcpApprovalRequest: {
        readonly server: string;
        readonly name: string;
        readonly arguments: unknown;
      };
    }
  /** With `stdout` in a container of OpenAI's, which gives the output at once; without it for the program to run. */
  | { readonly shell: { readonly commands: readonly string[]; readonly stdout?: string } }
  | { readonly compaction: true };

export type ResponseEnd = 'completed' | 'failed' | 'incomplete' | 'cancelled';

/**
 * How a response behaves. In the foreground it is there at once; in the background every retrieve moves it on
 * by one stage, and its output grows by one script for each:
 *
 *     queued → in_progress → [one more output]… → the end
 */
export interface ResponseScript {
  /** The model the response reports, whatever was asked for. */
  readonly model?: string;
  /** Default: a call of the first function where there is one and the input ends in no output of it; else a message. */
  readonly output?: readonly OutputScript[];
  /** Default: completed. `cancelled` is for the background; else the client cancels. */
  readonly end?: ResponseEnd;
  /** For `failed`. Default: a `server_error`. */
  readonly error?: { readonly code: string; readonly message: string };
  /** For `incomplete`. Default: `max_output_tokens`. */
  readonly incompleteReason?: string;
  readonly usage?: ScriptedUsage & { readonly cacheWrite?: number };
  /** How many retrieves a stage lasts. Default: 1. */
  readonly pollsPerStage?: number;
}
