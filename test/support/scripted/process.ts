import { context, propagation } from '@opentelemetry/api';
import { instrumentOpenAI } from '../../../src/client.ts';
import { ConversationIdGenerator } from '../../../src/index.ts';
import { type Spent, startBill } from '../bill.ts';
import { serve } from '../processes/serve.ts';
import { type Memory, PRICES, SCRIPTED, type ScriptedConversation, type Surroundings } from './index.ts';

/** A process that has some of the roles of the scripted conversations. */
export type ScriptedProcess = {
  prepare(conversation: string, memory: Memory): Promise<Memory>;
  /** Starts a trace, and tells its context to hand on. */
  begin(): Promise<Record<string, string>>;
  /** @param carrier of the context that the step runs in; without one it runs in none */
  step(
    conversation: string,
    index: number,
    memory: Memory,
    carrier?: Record<string, string>,
  ): Promise<Memory>;
  /** What the API said was spent, as far as this process was told. */
  bill(): Promise<Readonly<Record<string, Spent>>>;
};

const bill = startBill();
const derived = process.env.DERIVED_TRACE_IDS === '1';

await serve<ScriptedProcess>(
  ({ client: loaded, inSpan }) => {
    const billed = loaded.withOptions({ fetch: bill.fetch });
    const client = instrumentOpenAI(billed, { cost: true, prices: PRICES });
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
      bill: () => bill.items(),
    };
  },
  derived ? { idGenerator: new ConversationIdGenerator() } : {},
);

function conversationNamed(name: string): ScriptedConversation {
  const conversation = SCRIPTED.find((candidate) => candidate.name === name);
  if (conversation === undefined) throw new Error(`No conversation by ${name}`);
  return conversation;
}
