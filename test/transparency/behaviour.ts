import type { Answer, ResponseScript, RunScript, SocketScript } from '../support/simulator/index.ts';

/** One thing that a program does with the SDK, and what is recorded of it. */
export interface Behaviour {
  /** The program of `programs/`. */
  readonly name: string;
  /** The row in the table of `docs/compatibility.md`. */
  readonly title: string;
  /** What the server answers instead of what it would, in order. */
  readonly answers?: readonly Answer[];
  /** What the Responses API answers, in order. */
  readonly responses?: readonly ResponseScript[];
  /** How the runs of assistants go. */
  readonly runs?: readonly RunScript[];
  /** What the server does on the sockets that it opens, in order. */
  readonly sockets?: readonly SocketScript[];
  /** The trees below the program's own span, in the form of `assertSpanTree`: one text for each. */
  readonly spans: readonly string[] | ((surroundings: Surroundings) => readonly string[]);
  /**
   * When its spans end, where not with the program: when what nobody took is `collected` as garbage, or, for a
   * run whose end nobody sees, with `tracing`.
   */
  readonly ends?: 'collected' | 'tracing';
  /** Requests are sent at the same time and may arrive in any order. */
  readonly anyOrder?: boolean;
}

/** What a program runs on, where what is seen of it depends on it. */
export interface Surroundings {
  /** Of `openai`. */
  readonly major: number;
  readonly minor: number;
  /** Late openai 7 parses in the client, and wraps the generators of its streams. */
  readonly parsesInClient: boolean;
  readonly format: 'cjs' | 'mjs';
  readonly runtime: Runtime;
  /** Whether content is recorded. */
  readonly content: boolean;
}

export type Runtime = 'node-22' | 'node-24' | 'node-26' | 'bun' | 'deno' | 'workerd';

/** The span of a chat completion whose stream ended like that. */
export function streamed(end: string): readonly string[] {
  return [`chat gpt-4o  openai.stream.end=${end}`];
}

/** The span of a call whose body the program reads itself. */
export const UNPARSED: readonly string[] = ['chat gpt-4o  openai.response.parsed=false'];

/** The same several times. */
export function times<Item>(count: number, item: Item): Item[] {
  return Array.from({ length: count }, () => item);
}

/** What the error is called that a cut socket makes. */
export function cutSocket({ runtime, major }: Surroundings): string {
  if (runtime === 'bun') return 'ECONNRESET';
  if (runtime === 'workerd') return 'Error';
  return major === 4 ? 'ERR_STREAM_PREMATURE_CLOSE' : 'TypeError';
}
