import type OpenAI from 'openai';
import type { OpenAIInstrumentationConfig } from '../../src/config/config.ts';
import type { Api } from '../api/answer.ts';

/** Something that programs do, measured again and again. */
export interface Case {
  /** As `--case` names it. */
  readonly name: string;
  /** As the tables name it. */
  readonly title: string;
  /** Requests that one operation makes. */
  readonly requests: number;
  /** Operations in one round: enough for about 50 ms. */
  readonly operations: number;
  /** Rounds before those that count, where the usual number leaves V8 with code to compile. */
  readonly warmUps?: number;
  /** Each round has a new process, whose first operations are measured: as a function in a cloud runs, where V8 has compiled nothing. */
  readonly cold?: boolean;
  readonly api: () => Api;
  /** Throws when the program does not get what it should: a changed behaviour is no fast one. */
  readonly run: (client: OpenAI) => Promise<void>;
  /** Options of the instrumentation, where they are not the defaults. */
  readonly config?: OpenAIInstrumentationConfig;
  /** Peers are told to record content. Default `false`. */
  readonly content?: boolean;
  /** Whether the program has a meter provider. Default `true`. */
  readonly metered?: boolean;
  /** Whether the sampler keeps the spans. Default `true`. */
  readonly sampled?: boolean;
  /** Set where nothing is recorded: the program sets up no SDK, or calls inside of `suppressTracing`. */
  readonly silent?: 'no SDK' | 'suppressed';
}

export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`The program did not get ${what}`);
}
