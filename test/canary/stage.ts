import type OpenAI from 'openai';
import type { OpenAIInstrumentationConfig } from '../../src/client.ts';
import type { Simulator } from '../support/simulator/index.ts';
import type { Secrets } from './secrets.ts';

/** What a scenario has to work with; its bodies pass `plant`, so that every text in them is a secret. */
export interface Stage {
  readonly client: OpenAI;
  readonly simulator: Simulator;
  readonly secrets: Secrets;
  /** What the client is instrumented with, and its sockets. */
  readonly config: OpenAIInstrumentationConfig;
}

export interface Scenario {
  readonly name: string;
  run(stage: Stage): Promise<void>;
}

/** Reads whatever stream a call gives, to its end. */
export async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

/** Pages are values, which can also be iterated. */
export function isStream(value: unknown): value is AsyncIterable<unknown> {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && Symbol.asyncIterator in value && !('getPaginatedItems' in value);
}
