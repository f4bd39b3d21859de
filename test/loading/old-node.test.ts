import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { run } from '../support/lanes/command.ts';
import { FIRST_HOOKS_LANE, OLD_NODE_LANE, OLDEST_NODE_LANE } from '../support/lanes/lanes.ts';
import { laneDirectory, nodeIn, PACKAGE_NAME, programsDirectory } from '../support/lanes/paths.ts';
import { type ProgramOutcome, runProgram } from '../support/lanes/program.ts';

const simulator = useSimulator();
const OLDEST = OLDEST_NODE_LANE.name;
const LANES = [OLD_NODE_LANE.name, 'openai-6-sdk-2', OLDEST];

const FIRST_HOOKS = FIRST_HOOKS_LANE.name;

/** Before 22.15 Node has no module hooks in the program's own thread. */
function nodeOf(lane: string): string {
  return nodeIn(lane === OLDEST ? lane : OLD_NODE_LANE.name);
}

const ASK = `
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
  await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
`;

/** A loop. */
const USE_TOOLS = `
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
  const run = { name: 'solve', description: 'Solves', parameters: {}, function: () => '2' };
  const tools = [{ type: 'function', function: run }];
  const messages = [{ role: 'user', content: 'Hi' }];
  // openai 4 has loops among its previews.
  const { completions } = (client.chat.completions.runTools ? client : client.beta).chat;
  await completions.runTools({ model: 'gpt-4o', messages, tools }).finalContent();
`;
const LOAD = "const OpenAI = require('openai');";
const inFunction = (text: string): string => `(async () => {${text}})();`;

test.each([
  [OLD_NODE_LANE.name, /^v20\./],
  [OLDEST, /^v20\.6\./],
  [FIRST_HOOKS, /^v22\.15\.0/],
])('%s runs the Node version of its name', async (lane, version) => {
  const { stdout } = await runProgram({ lane, node: nodeIn(lane), parameters: ['--version'] });
  expect(stdout).toMatch(version);
});

test.each([
  { option: '--require', setUp: './sdk-3.cjs', format: 'cjs' },
  { option: '--import', setUp: './sdk-3.mjs', format: 'cjs' },
  { option: '--require', setUp: './sdk-3.cjs', format: 'mjs' },
  { option: '--import', setUp: './sdk-3.mjs', format: 'mjs' },
] as const)(`${FIRST_HOOKS}: node $option $setUp app.$format`, async ({ option, setUp, format }) => {
  const text = format === 'cjs' ? LOAD + inFunction(ASK) : `import OpenAI from 'openai'; ${ASK}`;
  const { spans, stderr } = await runProgram({
    lane: FIRST_HOOKS,
    node: nodeIn(FIRST_HOOKS),
    parameters: [option, setUp],
    source: { format, text },
    env: { BASE_URL: simulator().url },
  });
  expect(stderr).toBe('');
  assertSpanTree(spans, 'chat gpt-4o');
});

/** A loader that leaves the source of CommonJS to Node, as that of OpenTelemetry does. */
const LOADER =
  "data:text/javascript,import { register } from 'node:module'; register('data:text/javascript,');";
const USE_REQUIRE = 'if (typeof require.cache !== "object") throw new Error("no cache");';

describe(`${FIRST_HOOKS}, whose load hooks change CommonJS`, () => {
  test.each([
    ['without a loader', ['--import', './sdk-3.mjs']],
    ['after a loader', ['--import', LOADER, '--import', './sdk-3.mjs']],
    ['before a loader', ['--import', './sdk-3.mjs', '--import', LOADER]],
  ])('CommonJS starts %s, keeps its require, and is traced', async (_, parameters) => {
    const { spans, stderr } = await runProgram({
      lane: FIRST_HOOKS,
      node: nodeIn(FIRST_HOOKS),
      parameters: ['--no-warnings', ...parameters],
      source: { format: 'cjs', text: USE_REQUIRE + LOAD + inFunction(ASK) },
      env: { BASE_URL: simulator().url },
    });
    expect(stderr).toBe('');
    assertSpanTree(spans, 'chat gpt-4o');
  });
});

/** Runs a program with the instrumentation, or one that loads that itself. */
function runAs(lane: string, format: 'cjs' | 'mjs', text: string, isLoaded = true): Promise<ProgramOutcome> {
  const loading = format === 'cjs' ? ['--require', './sdk-2.cjs'] : ['--import', './sdk-2.mjs'];
  return runProgram({
    lane,
    node: nodeOf(lane),
    parameters: isLoaded ? loading : [],
    source: { format, text },
    env: { BASE_URL: simulator().url },
  });
}

test(`${OLDEST}: optional packages are found, so that the first call has a cost`, async () => {
  const text = LOAD + inFunction(ASK.replace('gpt-4o', 'gpt-4o-mini'));
  const { spans } = await runAs(OLDEST, 'cjs', text);
  expect(spans.map(({ attributes }) => attributes['openai.cost'])).toEqual([expect.any(Number)]);
});

describe.each(LANES)('%s', (lane) => {
  test('CommonJS is instrumented by hooking require', async () => {
    assertSpanTree((await runAs(lane, 'cjs', LOAD + inFunction(ASK))).spans, 'chat gpt-4o');
  });

  test('the loop that a helper of CommonJS runs is recorded', async () => {
    const { spans } = await runAs(lane, 'cjs', LOAD + inFunction(USE_TOOLS));
    assertSpanTree(spans, 'invoke_workflow runTools\n├─ chat gpt-4o\n├─ execute_tool solve\n└─ chat gpt-4o');
  });

  test('CommonJS that was loaded before is found', async () => {
    const text = `${LOAD} require('./sdk-2.cjs'); ${inFunction(ASK)}`;
    assertSpanTree((await runAs(lane, 'cjs', text, false)).spans, 'chat gpt-4o');
  });

  test('an ES module instruments itself with instrumentOpenAI', async () => {
    const text = `
      import OpenAI from 'openai';
      import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';
      instrumentOpenAI(OpenAI);
      ${ASK}
    `;
    assertSpanTree((await runAs(lane, 'mjs', text)).spans, 'chat gpt-4o');
  });

  test('disable() and enable() work', async () => {
    const text = `
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
    `;
    const { spans } = await runAs(lane, 'cjs', text);
    const models = ['observed-once', 'observed-by-the-first', 'observed-again'];
    expect(spans.map(({ name }) => name)).toEqual(models.map((model) => `chat ${model}`));
  });
});

describe.each(LANES)('%s: an ES module that nothing can hook', (lane) => {
  const text = `import OpenAI from 'openai'; ${ASK}`;

  test('prints that in one line when it ends', async () => {
    const { spans, stderr } = await runAs(lane, 'mjs', text);
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
