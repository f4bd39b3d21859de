import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { BUNDLER_LANE } from '../entries/lanes.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { type Completed, mustRun, run } from '../support/lanes/command.ts';
import { programsDirectory } from '../support/lanes/paths.ts';
import { type ProgramOutcome, runProgram } from '../support/lanes/program.ts';
import { sha256 } from '../support/lanes/tarball.ts';

const lane = BUNDLER_LANE.name;
const directory = programsDirectory(lane);
const simulator = useSimulator();

/** What a line that was added says, up to the name of its file. */
const ADDED = /opentelemetry-instrumentation-openai\/state@1/g;

const ASK = `
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
  await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
`;
/** Knows nothing of OpenTelemetry. */
const PROGRAM = `import OpenAI from 'openai';\n${ASK}`;

interface Built {
  readonly bundler: string;
  readonly text: string;
  readonly platform?: 'browser' | 'node';
  readonly format?: 'cjs' | 'mjs';
  readonly env?: Readonly<Record<string, string>>;
}

/** Bundles a program in the lane; gives the name of the file. */
async function build({ bundler, text, platform = 'node', format = 'mjs', env = {} }: Built): Promise<string> {
  // Some bundlers name modules by their paths.
  const source = `source-${sha256(text)}.mjs`;
  await writeFile(join(directory, source), text);
  const file = `${bundler}-${crypto.randomUUID()}.${format}`;
  await mustRun(process.execPath, ['bundle.mjs', bundler, source, file, platform], { cwd: directory, env });
  return file;
}

async function runBundle(file: string, setUp: readonly string[] = []): Promise<ProgramOutcome> {
  const env = { BASE_URL: simulator().url };
  return runProgram({ lane, parameters: [...setUp, file], env });
}

describe.each(['esbuild', 'rolldown', 'rollup', 'rspack', 'vite', 'webpack'])(
  '%s, with the plugin',
  (bundler) => {
    test('the calls of a bundled program are recorded, as the instrumentation outside of it is set up', async () => {
      const file = await build({ bundler, text: PROGRAM });
      const { spans } = await runBundle(file, ['--import', './sdk-3-content.mjs']);
      assertSpanTree(spans, 'chat gpt-4o  gen_ai.usage.input_tokens=* gen_ai.input.messages=*');
      const alone = await runBundle(file);
      expect({ ...alone, result: null }).toMatchObject({ code: 0, stdout: '', stderr: '', spans: [] });
    });

    test.skipIf(bundler.startsWith('roll'))('a bundle for browsers is the same as without', async () => {
      const [ours = '', theirs = ''] = await Promise.all(
        [{}, { PLUGIN: 'none' }].map(async (env) => {
          const file = await build({ bundler, text: PROGRAM, platform: 'browser', env });
          const name = file.replace(/\.mjs$/, '');
          return (await readFile(join(directory, file), 'utf8')).replaceAll(name, 'bundle');
        }),
      );
      expect(ours.includes('makeRequest')).toBe(true);
      expect(ours === theirs).toBe(true);
    });
  },
);

test('the setup may be in the bundle, before or after openai, and may use the drop-in, too', async () => {
  const orders = [
    `import './sdk-3.mjs';\nimport OpenAI from 'openai';\n${ASK}`,
    `import OpenAI from 'openai';\nimport './sdk-3.mjs';\n${ASK}`,
    `import OpenAI from 'opentelemetry-instrumentation-openai/openai';\nimport './sdk-3.mjs';\n${ASK}`,
  ];
  for (const text of orders) {
    const { spans } = await runBundle(await build({ bundler: 'vite', text }));
    expect(spans.map(({ name }) => name)).toEqual(['chat gpt-4o']);
  }
});

test('a CommonJS bundle is instrumented in the same way', async () => {
  const text = `import OpenAI from 'openai';\n(async () => {${ASK}})();`;
  const file = await build({ bundler: 'esbuild', text, format: 'cjs' });
  const { spans } = await runBundle(file, ['--require', './sdk-3.cjs']);
  expect(spans.map(({ name }) => name)).toEqual(['chat gpt-4o']);
});

test('every file of openai that module hooks change is changed: sub-paths, CommonJS, sockets, loops', async () => {
  const text = `
    import OpenAI, { AzureOpenAI } from 'openai';
    import { OpenAI as FromClient } from 'openai/client';
    import { AzureOpenAI as FromAzure } from 'openai/azure';
    import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';
    import { ResponsesToolRunner } from 'openai/helpers/responses-tool-runner';
    import { createRequire } from 'node:module';
    const common = require('openai');
    globalThis.all = [OpenAI, AzureOpenAI, FromClient, FromAzure, OpenAIRealtimeWebSocket, ResponsesToolRunner, common];
  `;
  const file = await build({ bundler: 'esbuild', text });
  const bundle = await readFile(join(directory, file), 'utf8');
  const named = [...bundle.matchAll(/"(openai\/[\w/-]+\.m?js)","7\.57\.0"/g)].map(([, name]) => name);
  expect(named.toSorted()).toEqual([
    'openai/client.js',
    'openai/client.mjs',
    'openai/helpers/responses-tool-runner.mjs',
    'openai/index.js',
    'openai/index.mjs',
    'openai/realtime/websocket.mjs',
  ]);
  expect(bundle.match(ADDED)).toHaveLength(named.length);
  // Nothing says where it was built.
  expect(bundle).not.toContain(directory);
});

test('source maps lead to the lines of the sources', async () => {
  const text = `import OpenAI from 'openai';\nnew OpenAI();`;
  const stacks = [];
  for (const env of [{}, { PLUGIN: 'none' }]) {
    const file = await build({ bundler: 'esbuild', text, env });
    const failed: Completed = await run(process.execPath, ['--enable-source-maps', file], { cwd: directory });
    stacks.push(/(?<=at new .*\()[^()]+client\.ts:\d+:\d+/.exec(failed.stderr)?.[0]);
  }
  expect(stacks[0]).toContain('openai/src/client.ts');
  expect(stacks[0]).toBe(stacks[1]);
});

test('@openai/agents is recorded with its sessions, which only the hooks find', async () => {
  const text = `
    import { Agent, MemorySession, OpenAIProvider, Runner } from '@openai/agents';
    import OpenAI from 'openai';
    const openAIClient = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
    const runner = new Runner({ modelProvider: new OpenAIProvider({ openAIClient }) });
    const session = new MemorySession({ sessionId: 'session-1' });
    await runner.run(new Agent({ name: 'Helper', model: 'gpt-4o' }), 'Hi', { session });
  `;
  const file = await build({ bundler: 'rolldown', text });
  const { spans } = await runBundle(file, ['--import', './sdk-3-agents.mjs']);
  assertSpanTree(
    spans,
    `
    invoke_workflow Agent workflow  gen_ai.conversation.id=session-1
    └─ invoke_agent Helper          gen_ai.conversation.id=session-1
       └─ chat gpt-4o               gen_ai.conversation.id=session-1
    `,
  );
});
