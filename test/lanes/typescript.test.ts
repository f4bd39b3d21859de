import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { readDocument } from '../docs/documents.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { run } from '../support/lanes/command.ts';
import { TYPESCRIPT_LANE } from '../support/lanes/lanes.ts';
import { startOtlpReceiver } from '../support/lanes/otlp.ts';
import { laneDirectory, PACKAGE_NAME } from '../support/lanes/paths.ts';

/*
 * The commands for TypeScript in docs/rollout.md, with a program whose types must be removed before it can run.
 */

const [, SECTION = ''] = readDocument('docs/rollout.md').split('## TypeScript');
const COMMANDS = [...SECTION.matchAll(/`((?:node|tsx|ts-node|tsc) [^`]*app[^`]*)`/g)].map(
  ([, command = '']) => command,
);
const LANE = laneDirectory(TYPESCRIPT_LANE.name);

const BODY = `
  const client: InstanceType<typeof OpenAI> = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'Hi' }];
  void client.chat.completions.create({ model: 'gpt-4o', messages }).then((answer) => console.log(answer.choices.length));
`;
const PROGRAMS = {
  'app.ts': `import OpenAI from 'openai';\n${BODY}`,
  'app.cts': `const { OpenAI }: typeof import('openai') = require('openai');\n${BODY}`,
  'package.json': JSON.stringify({ name: 'app', private: true, type: 'module' }),
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      module: 'nodenext',
      target: 'es2022',
      strict: true,
      skipLibCheck: true,
      outDir: 'dist',
    },
    include: ['app.ts', 'app.cts'],
  }),
};

const simulator = useSimulator();
let folder = '';
beforeAll(async () => {
  await mkdir(LANE, { recursive: true });
  folder = await mkdtemp(join(LANE, 'app-'));
  for (const [name, text] of Object.entries(PROGRAMS)) await writeFile(join(folder, name), text);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the document has commands for four tools', () => {
  expect(COMMANDS).toHaveLength(7);
});

test.each(COMMANDS)('%s', async (command) => {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  const PATH = [join(LANE, 'node_modules', '.bin'), dirname(process.execPath), process.env.PATH].join(
    delimiter,
  );
  const { code, stdout, stderr } = await run('sh', ['-c', command], {
    cwd: folder,
    env: {
      PATH,
      REGISTER: `${PACKAGE_NAME}/register`,
      BASE_URL: simulator().url,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpUrl,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    },
  });
  expect([code, stdout], stderr).toEqual([0, '1\n']);
  assertSpanTree(receiver.spans, 'chat gpt-4o');
});
