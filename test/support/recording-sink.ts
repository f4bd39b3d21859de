import type { FactSink } from '../../src/hierarchy/dialect.ts';

export interface RecordingSink extends FactSink {
  /** The facts in their order, each with its name first. */
  readonly facts: readonly (readonly [name: string, ...values: unknown[]])[];
}

/** A sink that wants everything, and writes down what a dialect reports. */
export function recordFacts(): RecordingSink {
  const facts: [string, ...unknown[]][] = [];
  const take =
    (name: string) =>
    (...values: unknown[]): void =>
      void facts.push([name, ...values]);
  return {
    facts,
    content: true,
    wants: () => 'everything',
    agent: take('agent'),
    vectorStores: take('vectorStores'),
    conversation: take('conversation'),
    subagent: take('subagent'),
    invocation: take('invocation'),
    step: take('step'),
    message: take('message'),
    toolCall: take('toolCall'),
    toolResult: take('toolResult'),
    text: take('text'),
    hostedTurn: take('hostedTurn'),
  };
}
