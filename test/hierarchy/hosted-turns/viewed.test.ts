import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { expect, it } from 'vitest';
import { recordSessionTraces } from '../../../src/client.ts';
import { runExportCalls } from '../../../viewer/src/export-calls.ts';
import { summarize } from '../../../viewer/src/trace-summary.ts';
import { transcriptOf } from '../../../viewer/src/transcript.ts';
import { drawTree } from '../../../viewer/src/tree-view.ts';
import { messages, text, treesOf } from '../../../viewer/test/spans.ts';
import { type AgentProgram, startAgentProgram } from '../../support/agent-program.ts';
import { newFolder } from '../../support/folders.ts';
import type { HostedScript } from '../../support/simulator/hosted-trace.ts';

const HOSTED: readonly HostedScript[] = [
  {
    name: 'invoke_agent Helper',
    attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.response.id': 'resp_1' },
    below: [
      {
        name: 'chat gpt-5',
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.request.model': 'gpt-5',
          'gen_ai.usage.input_tokens': 100,
          'gen_ai.usage.output_tokens': 20,
          'gen_ai.input.messages': messages('user', text('What does OpenAI ask?')),
          'gen_ai.output.messages': messages('assistant', text('OpenAI answers.')),
        },
      },
      {
        name: 'execute_tool lookup',
        error: 'It failed.',
        attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'lookup' },
      },
    ],
  },
];

async function startProgram(): Promise<AgentProgram> {
  const config = { captureMessageContent: 'SPAN_ONLY' as const };
  const program = await startAgentProgram([{ hosted: HOSTED, items: [{ message: 'It is 7.' }] }], { config });
  const { client, telemetry } = program;
  await program.inSpan(async () => recordSessionTraces(client, await program.converse('What is x?')));
  await telemetry.provider.forceFlush();
  return program;
}

it('the spans of both sides are one tree, in which each call and token counts once', async () => {
  const { telemetry } = await startProgram();
  const [tree] = treesOf(telemetry.spans.slice(1));
  if (tree === undefined) throw new Error('no tree');
  const drawn = drawTree(tree, { columns: 200, color: false, attributes: [] }).split('\n');
  expect(drawn.map((line) => line.replace(/ {2,}\S+ m?s\b.*/, '')).join('\n')).toBe(`program
└─ session
   ├─ invoke_agent Helper
   │  │  › user "What is x?"
   │  │  ‹ assistant "It is 7."
   │  └─ hosted turn
   │     └─ invoke_agent Helper
   │        ├─ chat gpt-5
   │        │     › user "What does OpenAI ask?"
   │        │     ‹ assistant "OpenAI answers."
   │        └─ execute_tool lookup
   └─ GET /agents/sessions/{session_id}/traces
`);
  const { counts, inputTokens, outputTokens, calls, prompt, answer, outcome, errors } = summarize(tree);
  expect([...counts]).toEqual([['Turns', 1]]);
  expect([inputTokens, outputTokens, calls.length]).toEqual([100, 20, 1]);
  expect([prompt, answer, outcome]).toEqual(['What is x?', 'It is 7.', 'ok']);
  expect(errors.map(({ span }) => span.name)).toEqual(['execute_tool lookup']);
  const said = transcriptOf(tree.rows).filter((entry) => entry.kind === 'message');
  expect(said.flatMap(({ parts }) => parts.map(({ content }) => content))).toEqual([
    'What is x?',
    'It is 7.',
  ]);
});

it('the calls of a hosted span are not exported as calls of the program', async () => {
  const { telemetry } = await startProgram();
  const file = join(await newFolder(), 'traces.json');
  await writeFile(file, JsonTraceSerializer.serializeRequest([...telemetry.spans]) ?? '');
  const errors: string[] = [];
  const code = runExportCalls(
    [file],
    { write: () => true },
    { write: (line: string) => errors.push(line) > 0 },
  );
  expect([code, errors]).toEqual([1, [expect.stringContaining('No whole call was found')]]);
});
