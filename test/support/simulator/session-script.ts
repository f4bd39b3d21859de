import type { HostedScript } from './hosted-trace.ts';
import type { ScriptedUsage } from './script.ts';

export interface FunctionScript {
  readonly name: string;
  readonly arguments: unknown;
}

/** One or more items of a turn, in the order in which they are made. */
export type ItemScript =
  | { readonly message: string; readonly phase?: 'commentary' | 'final_answer' }
  | { readonly reasoning: string }
  /** The session requires action until `tool_result` events have brought the results of all of them. */
  | { readonly functions: readonly FunctionScript[] }
  | {
      readonly mcp: {
        readonly name: string;
        readonly arguments: unknown;
        readonly output?: unknown;
        readonly error?: unknown;
      };
    }
  | {
      readonly command: { readonly command: string; readonly output: string; readonly exitCode?: number };
    }
  | { readonly webSearch: { readonly query: string } | { readonly url: string } }
  | { readonly computerUse: { readonly title: string; readonly screenshot?: string } }
  /** The session requires action until a `computer_use_approval_request_result` event has answered. */
  | { readonly approval: { readonly reason: string } }
  /** Creates a subagent, which has a turn of its own, is waited for and closed. */
  | {
      readonly subagent: {
        readonly name: string;
        readonly task: string;
        readonly items: readonly ItemScript[];
        readonly usage?: ScriptedUsage;
        readonly end?: TurnEnd;
      };
    }
  /** The environment changes. */
  | { readonly environment: string; readonly errorCode?: string };

export type TurnEnd = 'completed' | 'failed' | 'cancelled';

/**
 * How a turn behaves. While somebody reads the session's events it runs by itself; else every retrieve or list
 * moves it on by one item.
 */
export interface TurnScript {
  /** Default: one message. */
  readonly items?: readonly ItemScript[];
  /** Default: completed. */
  readonly end?: TurnEnd;
  readonly error?: { readonly code: string; readonly message: string };
  /** Of the session's own agent; `null` where it is not known when the turn ends, and only later. */
  readonly usage?: ScriptedUsage | null;
  /** The whole session fails with the turn, whose own end nobody is told. */
  readonly sessionFails?: boolean;
  /** What OpenAI itself records of the turn. Default: it publishes no trace. */
  readonly hosted?: readonly HostedScript[];
}

export const DEFAULT_ITEM: ItemScript = { message: 'This is a simulated answer.' };
