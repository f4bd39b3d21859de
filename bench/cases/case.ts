import type OpenAI from 'openai';
import type { OpenAIInstrumentationConfig } from '../../src/config/config.ts';
import type { Api } from '../api/answer.ts';

/** Something that programs do, and that the benchmarks measure repeatedly. */
export interface Case {
  /** The name for `--case`. */
  readonly name: string;
  /** The name in the tables. */
  readonly title: string;
  /** The number of requests in one operation. */
  readonly requests: number;
  /** The number of operations in one round, which should take about 50 ms. */
  readonly operations: number;
  /** The number of warm-up rounds, if V8 has not compiled everything after the usual number. */
  readonly warmUps?: number;
  /** Whether each round measures the first operations of a new process, before V8 compiles: as in a cloud function. */
  readonly cold?: boolean;
  readonly api: () => Api;
  /** @throws Error if the program gets a wrong result, so that no broken variant counts as fast */
  readonly run: (client: OpenAI) => Promise<void>;
  /** Options of the instrumentation other than the defaults. */
  readonly config?: OpenAIInstrumentationConfig;
  /** Whether peers are configured to record content. Default `false`. */
  readonly content?: boolean;
  /** Whether the program has a meter provider. Default `true`. */
  readonly metered?: boolean;
  /** Whether the sampler keeps the spans. Default `true`. */
  readonly sampled?: boolean;
  /** Set if nothing is recorded: the program sets up no SDK, or makes its calls inside `suppressTracing`. */
  readonly silent?: 'no SDK' | 'suppressed';
}

export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`The program did not get ${what}`);
}
