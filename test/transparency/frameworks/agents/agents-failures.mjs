import * as library from '@openai/agents';
import OpenAI from 'openai';
import { newTool, startRunner } from '../runtime/agents.mjs';
import { caught } from '../runtime/requests.mjs';

/** The class and text of an error, and of what caused it. */
function shown(error) {
  return (
    error && {
      class: error.constructor.name,
      name: error.name,
      message: error.message,
      cause: shown(error.cause),
    }
  );
}

export default async ({ options }) => {
  const { runner, processor } = startRunner(library, new OpenAI(options));
  const fail = newTool(library, 'fail', () => {
    throw new TypeError('It fails.');
  });
  const failing = new library.Agent({ name: 'Failing', model: 'gpt-4o', tools: [fail] });
  const refused = await caught(() => runner.run(failing, 'Hi'));
  const tooLong = await caught(() => runner.run(failing, 'Hi', { maxTurns: 1 }));
  const guardrail = {
    name: 'polite',
    execute: async () => ({ outputInfo: 'no', tripwireTriggered: true }),
    runInParallel: false,
  };
  const guarded = new library.Agent({ name: 'Guarded', model: 'gpt-4o', inputGuardrails: [guardrail] });
  const stopped = await caught(() => runner.run(guarded, 'Hi'));
  return { errors: [refused, tooLong, stopped].map(({ thrown }) => shown(thrown)), told: processor.told };
};
