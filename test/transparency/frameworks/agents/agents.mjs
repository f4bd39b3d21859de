// Programs of `@openai/agents`.
import {
  Agent,
  MemorySession,
  OpenAIProvider,
  Runner,
  setTraceProcessors,
  setTracingDisabled,
  tool,
} from '@openai/agents';
import OpenAI from 'openai';
import { caught, pause } from '../runtime/requests.mjs';

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

/** A runner of a client, and what a processor hears of its traces. */
function startRunner({ options }) {
  const processor = new Processor();
  setTraceProcessors([processor]);
  setTracingDisabled(false);
  const modelProvider = new OpenAIProvider({ openAIClient: new OpenAI(options) });
  return { runner: new Runner({ modelProvider }), told: processor.told };
}

function newAgent(name, more) {
  return new Agent({ name, model: 'gpt-4o', ...more });
}

function newTool(name, execute) {
  return tool({ name, description: name, parameters: PARAMETERS, strict: false, execute });
}

/** What a run came to, without what it knows of its own insides. */
function summarize({ finalOutput, history, newItems, rawResponses, lastAgent }) {
  return {
    finalOutput,
    history,
    items: newItems.map(({ type, rawItem }) => ({ type, rawItem })),
    usage: rawResponses.map(({ usage }) => ({ ...usage })),
    lastAgent: lastAgent?.name,
  };
}

/** The class and text of an error, and of what caused it. */
function shown(error) {
  if (!error) return error;
  const { name, message, cause } = error;
  return { class: error.constructor.name, name, message, cause: shown(cause) };
}

export default {
  async 'agents-tool'(world) {
    const { runner, told } = startRunner(world);
    const given = [];
    const echo = newTool('echo', async (input, context) => {
      given.push([input, Object.keys(context)]);
      await Promise.resolve();
      return { echo: input };
    });
    const agent = newAgent('Helper', { instructions: 'Help.', tools: [echo] });
    return { ...summarize(await runner.run(agent, 'Hi')), given, told };
  },

  async 'agents-streamed'(world) {
    const { runner, told } = startRunner(world);
    const agent = newAgent('Helper', { tools: [newTool('echo', () => 'Yes')] });
    const run = await runner.run(agent, 'Hi', { stream: true });
    const events = [];
    for await (const { type, name, data } of run) events.push({ type, name, data });
    await run.completed;
    return { ...summarize(run), events, told };
  },

  async 'agents-stream-left'(world) {
    const { runner } = startRunner(world);
    const run = await runner.run(newAgent('Helper'), 'Hi', { stream: true });
    const types = [];
    for await (const { type } of run) {
      types.push(type);
      break;
    }
    await run.completed.catch(() => undefined);
    return { types, cancelled: run.cancelled };
  },

  async 'agents-handoff'(world) {
    const { runner, told } = startRunner(world);
    const events = [];
    for (const event of ['agent_start', 'agent_end', 'agent_handoff'])
      runner.on(event, (_, agent) => events.push([event, agent.name]));
    const triage = newAgent('Triage', { handoffs: [newAgent('Tutor')] });
    return { ...summarize(await runner.run(triage, 'Hi')), events, told };
  },

  async 'agents-failures'(world) {
    const { runner, told } = startRunner(world);
    const fail = newTool('fail', () => {
      throw new TypeError('It fails.');
    });
    const failing = newAgent('Failing', { tools: [fail] });
    const refused = await caught(() => runner.run(failing, 'Hi'));
    const tooLong = await caught(() => runner.run(failing, 'Hi', { maxTurns: 1 }));
    const execute = async () => ({ outputInfo: 'no', tripwireTriggered: true });
    const guardrail = { name: 'polite', execute, runInParallel: false };
    const guarded = newAgent('Guarded', { inputGuardrails: [guardrail] });
    const stopped = await caught(() => runner.run(guarded, 'Hi'));
    return { errors: [refused, tooLong, stopped].map(({ thrown }) => shown(thrown)), told };
  },

  async 'agents-never-awaited'(world) {
    // The rejection is nobody's: the process hears of it.
    startRunner(world).runner.run(newAgent('Helper'), 'Hi');
    await world.received(1);
    await pause(50);
  },

  async 'agents-session'(world) {
    const { runner } = startRunner(world);
    const agent = newAgent('Helper');
    const session = new MemorySession({ sessionId: 'session-1' });
    const results = [];
    for (const input of ['Hi', 'And?']) results.push(summarize(await runner.run(agent, input, { session })));
    return { results, items: await session.getItems(), run: [runner.run.name, runner.run.length] };
  },
};
