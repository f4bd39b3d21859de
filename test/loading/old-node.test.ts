import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { run } from '../support/lanes/command.ts';
import { OLD_NODE_LANE, OLDEST_NODE_LANE } from '../support/lanes/lanes.ts';
import { laneDirectory, nodeIn, PACKAGE_NAME, programsDirectory } from '../support/lanes/paths.ts';
import { runProgram } from '../support/lanes/program.ts';

const simulator = useSimulator();
const OLDEST = OLDEST_NODE_LANE.name;
const LANES = [OLD_NODE_LANE.name, 'openai-6-sdk-2', OLDEST];

/** Before 22.15 Node has no module hooks in the program's own thread. */
function nodeOf(lane: string): string {
  return nodeIn(lane === OLDEST ? lane : OLD_NODE_LANE.name);
}

const ASK = `
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
  await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
`;

/** A loop, which openai 4 has among its previews. */
function useTools(lane: string): string {
  const completions =
    lane === OLD_NODE_LANE.name ? 'client.beta.chat.completions' : 'client.chat.completions';
  return `
    const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
    const run = { name: 'solve', description: 'Solves', parameters: {}, function: () => '2' };
    const tools = [{ type: 'function', function: run }];
    const messages = [{ role: 'user', content: 'Hi' }];
    await ${completions}.runTools({ model: 'gpt-4o', messages, tools }).finalContent();
  `;
}

test.each([
  [OLD_NODE_LANE.name, /^v20\./],
  [OLDEST, /^v20\.6\./],
])('%s runs the Node version of its name', async (lane, version) => {
  const { stdout } = await runProgram({ lane, node: nodeOf(lane), parameters: ['--version'] });
  expect(stdout).toMatch(version);
});

test(`${OLDEST}: optional packages are found, so that the first call has a cost`, async () => {
  const { spans } = await runProgram({
    lane: OLDEST,
    node: nodeOf(OLDEST),
    parameters: ['--require', './sdk-2.cjs'],
    source: {
      format: 'cjs',
      text: `const OpenAI = require('openai'); (async () => {${ASK.replace('gpt-4o', 'gpt-4o-mini')}})();`,
    },
    env: { BASE_URL: simulator().url },
  });
  expect(spans.map(({ attributes }) => attributes['openai.cost'])).toEqual([expect.any(Number)]);
});

test.each(LANES)('%s: CommonJS is instrumented by hooking require', async (lane) => {
  const { spans } = await runProgram({
    lane,
    node: nodeOf(lane),
    parameters: ['--require', './sdk-2.cjs'],
    source: { format: 'cjs', text: `const OpenAI = require('openai'); (async () => {${ASK}})();` },
    env: { BASE_URL: simulator().url },
  });
  expect(spans.map(({ name }) => name)).toEqual(['chat gpt-4o']);
});

test.each(LANES)('%s: the loop that a helper of CommonJS runs is recorded', async (lane) => {
  const { spans } = await runProgram({
    lane,
    node: nodeOf(lane),
    parameters: ['--require', './sdk-2.cjs'],
    source: { format: 'cjs', text: `const OpenAI = require('openai'); (async () => {${useTools(lane)}})();` },
    env: { BASE_URL: simulator().url },
  });
  assertSpanTree(
    spans,
    `
    invoke_workflow runTools
    ├─ chat gpt-4o
    ├─ execute_tool solve
    └─ chat gpt-4o
  `,
  );
});

test.each(LANES)('%s: CommonJS that was loaded before is found', async (lane) => {
  const { spans } = await runProgram({
    lane,
    node: nodeOf(lane),
    source: {
      format: 'cjs',
      text: `const OpenAI = require('openai'); require('./sdk-2.cjs'); (async () => {${ASK}})();`,
    },
    env: { BASE_URL: simulator().url },
  });
  expect(spans.map(({ name }) => name)).toEqual(['chat gpt-4o']);
});

test.each(LANES)('%s: an ES module instruments itself with instrumentOpenAI', async (lane) => {
  const { spans } = await runProgram({
    lane,
    node: nodeOf(lane),
    parameters: ['--import', './sdk-2.mjs'],
    source: {
      format: 'mjs',
      text: `
        import OpenAI from 'openai';
        import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';
        instrumentOpenAI(OpenAI);
        ${ASK}
      `,
    },
    env: { BASE_URL: simulator().url },
  });
  expect(spans.map(({ name }) => name)).toEqual(['chat gpt-4o']);
});

test.each(LANES)('%s: disable() and enable() work', async (lane) => {
  const { spans } = await runProgram({
    lane,
    node: nodeOf(lane),
    parameters: ['--require', './sdk-2.cjs'],
    source: {
      format: 'cjs',
      text: `
        const { OpenAIInstrumentation } = require('opentelemetry-instrumentation-openai');
        const { OpenAI } = require('openai');
        const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
        const ask = (model) =>
          client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi' }] });
        (async () => {
          // The first was made with the SDK.
          const second = new OpenAIInstrumentation();
          await ask('observed-once');
          second.disable();
          await ask('observed-by-the-first');
          second.enable();
          await ask('observed-again');
        })();
      `,
    },
    env: { BASE_URL: simulator().url },
  });
  expect(spans.map(({ name }) => name)).toEqual([
    'chat observed-once',
    'chat observed-by-the-first',
    'chat observed-again',
  ]);
});

describe.each(LANES)('%s: an ES module that nothing can hook', (lane) => {
  const text = `import OpenAI from 'openai'; ${ASK}`;

  test('prints that in one line when it ends', async () => {
    const { spans, stderr } = await runProgram({
      lane,
      node: nodeOf(lane),
      parameters: ['--import', './sdk-2.mjs'],
      source: { format: 'mjs', text },
      env: { BASE_URL: simulator().url },
    });
    expect(spans).toEqual([]);
    expect(stderr).toMatch(/^opentelemetry-instrumentation-openai: Node v20\S+ has no module hooks: .*\n$/);
  });

  test('is a problem for the command doctor, while CommonJS is none', async () => {
    await writeFile(join(programsDirectory(lane), 'unhooked.mjs'), text);
    await writeFile(join(programsDirectory(lane), 'hooked.cjs'), `require('openai');`);
    const command = join(laneDirectory(lane), 'node_modules', PACKAGE_NAME, 'dist', 'cli.cjs');
    const examine = (start: string) =>
      run(nodeOf(lane), [command, 'doctor', '--start', start], { cwd: programsDirectory(lane) });
    const unhooked = await examine('node --import ./sdk-2.mjs unhooked.mjs');
    expect(unhooked.code).toBe(1);
    expect(unhooked.stdout).toMatch(
      /^problem +start script: the command runs unhooked\.mjs with node, an ES module /m,
    );
    expect(unhooked.stdout).toContain('problem node_too_old');
    const hooked = await examine('node --require ./sdk-2.cjs hooked.cjs');
    expect(hooked.stdout).toMatch(/^ok +start script: the command runs hooked\.cjs with node, CommonJS /m);
    expect(hooked.stdout).not.toContain('node_too_old');
  });
});
