import { startSimulator } from '../../test/support/simulator/index.ts';
import { say } from './narration.ts';

type Say = typeof say;
type Simulator = Awaited<ReturnType<typeof startSimulator>>;

/** Runs the Math Tutor of examples/openai-agents, which uses `@openai/agents`, on a simulated API. */
export async function giveAgentsLesson(): Promise<void> {
  const simulator = await startSimulator();
  process.env.OPENAI_API_KEY = 'no key is needed here';
  process.env.OPENAI_BASE_URL = simulator.url;
  // By default, `@openai/agents` sends its own traces to OpenAI.
  process.env.OPENAI_AGENTS_DISABLE_TRACING = '1';
  try {
    const { simulate } = await load<{ simulate(to: Simulator): void }>('simulation');
    simulate(simulator);
    const { giveLesson } = await load<{ giveLesson(speak: Say): Promise<void> }>('tutor');
    await giveLesson(say);
  } finally {
    await simulator.close();
  }
}

function load<Module>(name: string): Promise<Module> {
  return import(new URL(`../openai-agents/${name}.mjs`, import.meta.url).href);
}
