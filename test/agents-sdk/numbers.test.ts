import { expect, it } from 'vitest';
import { library } from './library.ts';
import { calling, newTool, startAgents, tracingOrNot } from './program.ts';

const { Agent } = library;
const DETAILS = 'gen_ai.client.inference.operation.details';
const lookUp = newTool('look_up', ({ word }) => `${word}: a word`, { description: 'Explains a word.' });

tracingOrNot((tracing) => {
  it('an agent has the model, the finish reasons and the totals of its model calls', async () => {
    const program = await startAgents({ tracing, config: { cost: true } });
    const { runner, simulator, expectTree } = program;
    simulator.respond(
      { output: [calling('look_up', { word: 'x' })], usage: { prompt: 100, completion: 20 } },
      { output: [calling('transfer_to_Tutor')], usage: { prompt: 120, completion: 10 } },
      { output: [{ message: 'x is 1.' }], usage: { prompt: 150, completion: 5 } },
    );
    const tutor = new Agent({ name: 'Tutor', model: 'gpt-4o-mini' });
    const triage = new Agent({ name: 'Triage', model: 'gpt-4o', tools: [lookUp], handoffs: [tutor] });
    await runner.run(triage, 'What is x?');
    await expectTree(`
      invoke_workflow Agent workflow        openai.total.input_tokens=370 openai.total.output_tokens=35
      ├─ invoke_agent Triage                openai.total.input_tokens=220 openai.total.output_tokens=30 gen_ai.request.model=gpt-4o gen_ai.response.finish_reasons=["tool_calls"]
      │  ├─ chat gpt-4o                     gen_ai.request.model=gpt-4o gen_ai.response.finish_reasons=["tool_calls"]
      │  ├─ execute_tool look_up
      │  ├─ chat gpt-4o                     gen_ai.request.model=gpt-4o gen_ai.response.finish_reasons=["tool_calls"]
      │  └─ execute_tool transfer_to_Tutor
      └─ invoke_agent Tutor                 openai.total.input_tokens=150 openai.total.output_tokens=5 gen_ai.request.model=gpt-4o-mini gen_ai.response.finish_reasons=["stop"]
         └─ chat gpt-4o-mini                gen_ai.request.model=gpt-4o-mini gen_ai.response.finish_reasons=["stop"]
    `);
    const sums = program.telemetry.spans.map(
      ({ attributes }) => attributes['gen_ai.usage.input_tokens'] ?? 0,
    );
    expect(sums.reduce((sum: number, tokens) => sum + Number(tokens), 0)).toBe(370);
    const counted = async (name: string): Promise<unknown> =>
      (await program.points(`gen_ai.invoke_agent.${name}`)).map(({ attributes, sum }) => [attributes, sum]);
    expect(await counted('inference_calls')).toEqual([
      [{ 'gen_ai.agent.name': 'Triage' }, 2],
      [{ 'gen_ai.agent.name': 'Tutor' }, 1],
    ]);
    expect(await counted('tool_calls')).toEqual([
      [{ 'gen_ai.agent.name': 'Triage' }, 2],
      [{ 'gen_ai.agent.name': 'Tutor' }, 0],
    ]);
  });

  it('an agent that a tool runs is part of the totals of the outer one, but not of its calls', async () => {
    const program = await startAgents({ tracing });
    const inner = new Agent({ name: 'Historian', model: 'gpt-4o-mini' });
    const ask = inner.asTool({ toolName: 'ask', toolDescription: 'Asks.' });
    const usage = { prompt: 100, completion: 10 };
    program.simulator.respond(
      { output: [calling('ask', { input: 'When?' })], usage },
      { output: [{ message: '1970' }], usage },
      { output: [{ message: 'Then.' }], usage },
    );
    await program.runner.run(new Agent({ name: 'Helper', model: 'gpt-4o', tools: [ask] }), 'When?');
    const totals = program.telemetry.spans
      .filter(({ name }) => name.startsWith('invoke_agent'))
      .map(({ name, attributes }) => [name, attributes['openai.total.input_tokens']]);
    expect(Object.fromEntries(totals)).toEqual({
      'invoke_agent Historian': 100,
      'invoke_agent Helper': 300,
    });
    const points = await program.points('gen_ai.invoke_agent.inference_calls');
    expect(points.map(({ sum }) => sum)).toEqual([1, 2]);
  });

  it('a hosted tool has the name of the agent', async () => {
    const { runner, simulator, expectTree } = await startAgents({ tracing });
    simulator.respond({ output: [{ webSearch: { query: 'x' } }, { message: 'x is 1.' }] });
    await runner.run(new Agent({ name: 'Helper', model: 'gpt-4o' }), 'What is x?');
    await expectTree(`
      invoke_workflow Agent workflow
      └─ invoke_agent Helper         gen_ai.agent.name=Helper
         ├─ chat gpt-4o              gen_ai.agent.name=Helper
         └─ execute_tool web_search  gen_ai.agent.name=Helper
    `);
  });
});

it('with consent, an agent has the definitions of its tools, and a tool its description', async () => {
  const { runner, telemetry, answer } = await startAgents({
    content: true,
    config: { captureMessageContent: 'SPAN_AND_EVENT' },
  });
  answer([calling('look_up', { word: 'x' })], 'Done.');
  const Answer = { type: 'json_schema', name: 'answer', strict: true, schema: { type: 'object' } };
  await runner
    .run(new Agent({ name: 'Helper', model: 'gpt-4o', tools: [lookUp], outputType: Answer }), 'Hi')
    .catch(() => undefined);
  const span = (name: string) => telemetry.spans.find((each) => each.name === name)?.attributes ?? {};
  const agent = span('invoke_agent Helper');
  expect(JSON.parse(String(agent['gen_ai.tool.definitions']))).toMatchObject([
    { type: 'function', name: 'look_up', description: 'Explains a word.' },
  ]);
  expect(agent['gen_ai.output.type']).toBe('json');
  expect(span('execute_tool look_up')['gen_ai.tool.description']).toBe('Explains a word.');
  const details = telemetry.logRecords.filter(({ eventName }) => eventName === DETAILS);
  expect(details.map(({ attributes }) => attributes['gen_ai.operation.name'])).toEqual([
    'chat',
    'execute_tool',
    'chat',
  ]);
});

it('without consent, neither is recorded', async () => {
  const { runner, telemetry, answer } = await startAgents();
  answer([calling('look_up', { word: 'x' })], 'Done.');
  await runner.run(new Agent({ name: 'Helper', model: 'gpt-4o', tools: [lookUp] }), 'Hi');
  expect(JSON.stringify(telemetry.spans.map(({ attributes }) => attributes))).not.toContain('Explains');
});
