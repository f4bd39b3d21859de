import { trace } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { functionCall } from '../support/bodies.ts';
import { library } from './library.ts';
import { calling, completion, newTool, startAgents, tracingOrNot } from './program.ts';

const { Agent } = library;

/** A tool with a span of the program's own, after a while. */
const getWeather = newTool('get_weather', async ({ city }) => {
  await Promise.resolve();
  return trace.getTracer('program').startActiveSpan('db query', (span) => {
    span.end();
    return `Rain in ${city}`;
  });
});

tracingOrNot((tracing) => {
  it('links an agent to the handoff to it, and to no earlier one', async () => {
    const { runner, linked, answer } = await startAgents({ tracing });
    const tutor = new Agent({ name: 'Tutor', model: 'gpt-4o-mini' });
    const triage = new Agent({ name: 'Triage', model: 'gpt-4o', handoffs: [tutor] });
    answer([calling('transfer_to_Tutor')], 'x is 1', 'y is 2');
    await library.withTrace('Both', async () => {
      await runner.run(triage, 'What is x?');
      await runner.run(tutor, 'What is y?');
    });
    expect(linked('invoke_agent Tutor')).toEqual([['execute_tool transfer_to_Tutor'], []]);
  });

  it.each(['responses', 'chat'] as const)(
    'records agents, tools and handoffs as one tree: %s',
    async (api) => {
      const { runner, simulator, inSpan, telemetry, expectTree } = await startAgents({ tracing, api });
      if (api === 'responses')
        simulator.respond(
          { output: [calling('get_weather', { city: 'Paris' })], usage: { prompt: 100, completion: 20 } },
          { output: [calling('transfer_to_Tutor')], usage: { prompt: 120, completion: 10 } },
          { output: [{ message: 'It rains.' }], usage: { prompt: 150, completion: 5 } },
        );
      else {
        simulator.next({ body: completion([functionCall('get_weather', '{}', 'call_1')], [100, 20]) });
        simulator.next({ body: completion([functionCall('transfer_to_Tutor', '{}', 'call_2')], [120, 10]) });
        simulator.next({ body: completion('It rains.', [150, 5]) });
      }
      const tutor = new Agent({ name: 'Tutor', model: 'gpt-4o-mini' });
      const triage = new Agent({ name: 'Triage', model: 'gpt-4o', tools: [getWeather], handoffs: [tutor] });
      const result = await inSpan(() => runner.run(triage, 'Weather?'));
      expect(result.finalOutput).toBe('It rains.');
      await expectTree(`
    program
    └─ invoke_workflow Agent workflow         openai.total.input_tokens=370 openai.total.output_tokens=35
       ├─ invoke_agent Triage                 gen_ai.agent.name=Triage openai.total.input_tokens=220 openai.total.output_tokens=30
       │  ├─ chat gpt-4o                      gen_ai.agent.name=Triage gen_ai.usage.input_tokens=100
       │  ├─ execute_tool get_weather         gen_ai.agent.name=Triage gen_ai.tool.call.id={weather}
       │  │  └─ db query
       │  ├─ chat gpt-4o                      gen_ai.agent.name=Triage gen_ai.usage.input_tokens=120
       │  └─ execute_tool transfer_to_Tutor   gen_ai.agent.name=Triage gen_ai.tool.call.id={transfer} openai.agents.handoff.to=Tutor
       └─ invoke_agent Tutor                  gen_ai.agent.name=Tutor openai.total.input_tokens=150 openai.total.output_tokens=5
          └─ chat gpt-4o-mini                 gen_ai.agent.name=Tutor gen_ai.usage.input_tokens=150
  `);
      const durations = (await telemetry.metrics())
        .filter(({ descriptor }) => /^gen_ai\.(invoke|execute).*\.duration$/.test(descriptor.name))
        .map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints[0]?.attributes]);
      expect(Object.fromEntries(durations)).toEqual({
        'gen_ai.invoke_workflow.duration': { 'gen_ai.workflow.name': 'Agent workflow' },
        'gen_ai.invoke_agent.duration': { 'gen_ai.agent.name': 'Triage' },
        'gen_ai.execute_tool.duration': {
          'gen_ai.tool.name': 'get_weather',
          'gen_ai.tool.type': 'function',
          'gen_ai.agent.name': 'Triage',
        },
      });
    },
  );
});
