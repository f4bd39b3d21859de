import { describe, expect, it } from 'vitest';
import type { RunScript } from '../support/simulator/index.ts';
import { millisecondsOf } from '../support/times.ts';
import { outputsFor, startTutor } from '../support/tutor.ts';

const WEATHER_RUN: RunScript = {
  steps: [
    {
      tools: [
        { function: { name: 'get_weather', arguments: { city: 'Paris' } } },
        { function: { name: 'get_time', arguments: {} } },
      ],
      usage: { prompt: 100, completion: 20, cached: 64 },
    },
    { message: 'Sunny.', usage: { prompt: 140, completion: 5, reasoning: 3 } },
  ],
};

describe('a run', () => {
  it('has its steps, and a tool span from the request to the output', async () => {
    const program = await startTutor({ runs: [WEATHER_RUN] });
    await program.inSpan(async () => {
      const asked = await program.run();
      await program.client.beta.threads.runs.submitToolOutputsAndPoll(asked.id, outputsFor(asked));
    });
    await program.expectTree(`
      program
      └─ thread                          openai.total.input_tokens=240 openai.total.output_tokens=25
         └─ invoke_agent Math Tutor      openai.total.input_tokens=240 openai.total.output_tokens=25 openai.run.status=completed gen_ai.response.finish_reasons=["stop"]
            ├─ chat gpt-4o-mini          openai.step.id={asking} gen_ai.usage.input_tokens=100 gen_ai.usage.cache_read.input_tokens=64 gen_ai.response.finish_reasons=["tool_calls"]
            ├─ execute_tool get_weather  openai.step.id={asking} openai.tool.type=function
            ├─ execute_tool get_time     openai.step.id={asking} openai.tool.type=function
            └─ chat gpt-4o-mini          openai.step.id={answering} gen_ai.usage.input_tokens=140 gen_ai.usage.reasoning.output_tokens=3 gen_ai.response.finish_reasons=["stop"]
    `);
    const [asking] = program.ended('chat gpt-4o-mini');
    const [weather] = program.ended('execute_tool get_weather');
    expect(weather?.startTime).toEqual(asking?.endTime);
  });

  it('has a tool span that ends when the output is sent, however late its stream begins', async () => {
    const { client, ...program } = await startTutor({ runs: [WEATHER_RUN] });
    const { runs } = client.beta.threads;
    const asked = await program.stream();
    program.simulator.next({ when: { method: 'POST', path: /submit_tool_outputs$/ }, delayMs: 500 });
    const sent = Date.now();
    await runs.submitToolOutputsStream(asked.id, outputsFor(asked)).finalRun();
    await program.telemetry.provider.shutdown();
    const [weather] = program.ended('execute_tool get_weather');
    expect(millisecondsOf(weather?.endTime) - sent).toBeLessThan(400);
  });

  it.each(['polled', 'streamed'])('that creates its thread has a thread span: %s', async (how) => {
    const program = await startTutor({ runs: [{}] });
    const { threads } = program.client.beta;
    const thread = { messages: [{ role: 'user' as const, content: 'What is x?' }] };
    const body = { assistant_id: program.assistantId, thread };
    await program.inSpan(() =>
      how === 'polled' ? threads.createAndRunPoll(body) : threads.createAndRunStream(body).finalRun(),
    );
    await program.expectTree(`
      program
      └─ thread                      openai.thread.id={thread} openai.total.user_messages=1 openai.total.runs=1
         └─ invoke_agent Math Tutor  openai.run.id={run} openai.total.user_messages=1
            └─ chat gpt-4o-mini
    `);
  });
});
