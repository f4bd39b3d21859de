import { expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { findings, runProgram } from '../support/lanes/program.ts';
import { startSimulator } from '../support/simulator/index.ts';

const MAIN = `
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
  const parameters = { type: 'object', properties: {}, required: [], additionalProperties: false };
  const tool = { type: 'function', name: 'solve', parameters, strict: true };
  const runner = new ResponsesToolRunner({ functions: [{ tool, execute: () => '2' }] });
  runner.run(client, { model: 'gpt-4o', input: 'Hi' }).then(({ output_text }) => writeResult(output_text));
`;

const SOURCES = {
  cjs: `
    const { OpenAI } = require('openai');
    const { ResponsesToolRunner } = require('openai/helpers/responses-tool-runner');
    const { writeResult } = require('./write.cjs');
    ${MAIN}`,
  mjs: `
    import OpenAI from 'openai';
    import { ResponsesToolRunner } from 'openai/helpers/responses-tool-runner';
    import { writeResult } from './write.cjs';
    ${MAIN}`,
};

test.each(['cjs', 'mjs'] as const)(
  "the module hooks see the SDK's loops of Responses: %s",
  async (format) => {
    const simulator = await startSimulator();
    simulator.respond(
      { output: [{ function: { name: 'solve', arguments: {} } }] },
      { output: [{ message: 'x is 2.' }] },
    );
    const outcome = await runProgram({
      lane: 'openai-7',
      parameters: [format === 'cjs' ? '--require' : '--import', `./sdk-3.${format}`],
      source: { format, text: SOURCES[format] },
      env: { BASE_URL: simulator.url },
    });
    await simulator.close();
    expect(outcome.result).toBe('x is 2.');
    expect(findings(outcome, { content: false })).toEqual([]);
    assertSpanTree(
      outcome.spans,
      `
      invoke_workflow runTools
      ├─ chat gpt-4o
      ├─ execute_tool solve
      └─ chat gpt-4o
    `,
    );
  },
);
