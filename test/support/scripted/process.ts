import { context, propagation } from '@opentelemetry/api';
import { instrumentOpenAI } from '../../../src/client.ts';
import { ConversationIdGenerator } from '../../../src/index.ts';
import { type ItemUsage, recordApiUsage } from '../api-usage.ts';
import { serve } from '../processes/serve.ts';
import { type Memory, PRICES, SCRIPTED, type ScriptedConversation, type Surroundings } from './index.ts';

/** A process that has some of the roles of the scripted conversations. */
export type ScriptedProcess = {
  prepare(conversation: string, memory: Memory): Promise<Memory>;
  /** Starts a trace, and returns its context to hand on. */
  begin(): Promise<Record<string, string>>;
  /** @param carrier of the context that the step runs in; without one it runs in none */
  step(
    conversation: string,
    index: number,
    memory: Memory,
    carrier?: Record<string, string>,
  ): Promise<Memory>;
  /** The usage that the API reported to this process. */
  apiUsage(): Promise<Readonly<Record<string, ItemUsage>>>;
};

const apiUsage = recordApiUsage();
const derived = process.env.DERIVED_TRACE_IDS === '1';

await serve<ScriptedProcess>(
  ({ client: loaded, inSpan }) => {
    const recorded = loaded.withOptions({ fetch: apiUsage.fetch });
    const client = instrumentOpenAI(recorded, { cost: true, prices: PRICES });
    const surroundings = (memory: Memory): Surroundings => ({ client, memory, apart: true });
    return {
      async prepare(name, memory) {
        await conversationNamed(name).prepare(surroundings(memory));
        return memory;
      },
      begin: () =>
        inSpan('program', async () => {
          const carrier: Record<string, string> = {};
          propagation.inject(context.active(), carrier);
          return carrier;
        }),
      async step(name, index, memory, carrier = {}) {
        const step = conversationNamed(name).steps[index];
        await context.with(propagation.extract(context.active(), carrier), () =>
          step?.run(surroundings(memory)),
        );
        return memory;
      },
      apiUsage: () => apiUsage.items(),
    };
  },
  derived ? { idGenerator: new ConversationIdGenerator() } : {},
);

function conversationNamed(name: string): ScriptedConversation {
  const conversation = SCRIPTED.find((candidate) => candidate.name === name);
  if (conversation === undefined) throw new Error(`No conversation by ${name}`);
  return conversation;
}
