// What programs of `@openai/agents` have in common. They are handed the library, as their own module system loads it.
const PARAMETERS = { type: 'object', properties: {}, required: [], additionalProperties: true };

/** What the library reports to a processor of its traces, in order. */
class Processor {
  told = [];
  #tell = (text) => async (span) => void this.told.push(`${text}${span.spanData?.type ?? 'trace'}`);
  onTraceStart = this.#tell('');
  onTraceEnd = this.#tell('/');
  onSpanStart = this.#tell('');
  onSpanEnd = this.#tell('/');
  async shutdown() {}
  async forceFlush() {}
}

/** A runner of the client, and the processor that hears its traces. */
export function startRunner({ OpenAIProvider, Runner, setTraceProcessors, setTracingDisabled }, client) {
  const processor = new Processor();
  setTraceProcessors([processor]);
  setTracingDisabled(false);
  return { runner: new Runner({ modelProvider: new OpenAIProvider({ openAIClient: client }) }), processor };
}

export function newTool({ tool }, name, execute) {
  return tool({ name, description: name, parameters: PARAMETERS, strict: false, execute });
}

/** What a run came to, without what it knows of its own insides. */
export function summarize({ finalOutput, history, newItems, rawResponses, lastAgent }) {
  return {
    finalOutput,
    history,
    items: newItems.map(({ type, rawItem }) => ({ type, rawItem })),
    usage: rawResponses.map(({ usage }) => ({ ...usage })),
    lastAgent: lastAgent?.name,
  };
}
