import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { MANAGERS } from '../../scripts/install-matrix/managers.ts';
import { useReceiver } from '../entries/support/receiver.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { mustRun, run } from '../support/lanes/command.ts';
import { nodeIn } from '../support/lanes/paths.ts';
import { codeBlocksOf } from './documents.ts';

/*
 * The setup of the README and of docs/page.md, as a reader copies it: each file into an empty folder, installed with the README's own command. A
 * short program is run with it and has to arrive whole at an OTLP receiver, the conversation that it leaves open included.
 */

const PACKAGE = 'opentelemetry-instrumentation-openai';
const BLOCKS = ['README.md', 'docs/page.md'].flatMap(codeBlocksOf);
const INSTALL = BLOCKS.find(({ code }) => code.startsWith('npm install'))?.code ?? '';
/** The blocks that are files, by the names in their first lines. */
const FILES = new Map(
  BLOCKS.flatMap(({ code }) => {
    const name = /^\/\/ ([\w-]+\.[cm]js)\n/.exec(code)?.[1];
    return name === undefined ? [] : [[name, code] as const];
  }),
);

const BODY = `
  const thread = await client.beta.threads.create();
  await client.beta.threads.messages.create(thread.id, { role: 'user', content: 'Hi' });
  await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] });
`;
const SPANS = ['POST /threads', 'POST /threads/{thread_id}/messages', 'chat gpt-4o-mini', 'thread'];

/** A reader's own programs, and a setup that does not know of this package. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'thread.mjs': `import OpenAI from 'openai';\nconst client = new OpenAI();\n${BODY}`,
  'thread.cjs': `const { OpenAI } = require('openai');\nconst client = new OpenAI();\n(async () => {${BODY}})();`,
  'with-drop-in.mjs': `import { client } from './drop-in.mjs';\n${BODY}`,
  'with-client.mjs': `import { client } from './client.mjs';\n${BODY}`,
  'sdk.mjs': `import { NodeSDK } from '@opentelemetry/sdk-node';\nnew NodeSDK().start();`,
};

/** What is run in a folder, and on which Node the README says that it works. */
const SET_UPS: readonly { readonly flags: string; readonly program: string; readonly oldNode: boolean }[] = [
  { flags: `--import ${PACKAGE}/register`, program: 'thread.mjs', oldNode: false },
  { flags: `--require ${PACKAGE}/register`, program: 'thread.cjs', oldNode: true },
  { flags: '--import ./telemetry.mjs', program: 'thread.mjs', oldNode: false },
  { flags: '--require ./telemetry.cjs', program: 'thread.cjs', oldNode: true },
  { flags: '--import ./telemetry-views.mjs', program: 'thread.mjs', oldNode: false },
  { flags: '--import ./sdk.mjs', program: 'with-drop-in.mjs', oldNode: true },
  { flags: `--import ${PACKAGE}/register`, program: 'with-drop-in.mjs', oldNode: true },
  { flags: '--import ./sdk.mjs', program: 'with-client.mjs', oldNode: true },
];

const OLDER_LINE = INSTALL.replace('openai ', 'openai@6.49.0 ')
  .replace('/api ', '/api@1.9.1 ')
  .replace('/sdk-node', '/sdk-node@0.223.0');
const PNPM = MANAGERS.find(({ name }) => name.startsWith('pnpm'));
const OLD_NODE = nodeIn('node-20');

test('the README and docs/page.md contain the files tested here and the commands that start them', () => {
  expect([...FILES.keys()]).toEqual([
    'app.mjs',
    'telemetry.mjs',
    'telemetry.cjs',
    'drop-in.mjs',
    'client.mjs',
    'telemetry-views.mjs',
  ]);
  const readme = BLOCKS.map(({ code }) => code).join('\n');
  expect(readme).toContain(`node --import ${PACKAGE}/register app.mjs`);
  expect(readme).toContain(`node --require ${PACKAGE}/register app.cjs`);
});

describe.each([
  { name: 'npm', install: INSTALL, manager: undefined },
  { name: 'npm, with the older line of OpenTelemetry', install: OLDER_LINE, manager: undefined },
  { name: 'pnpm', install: INSTALL.replace('npm install', 'add'), manager: PNPM },
])('installed with $name', ({ install, manager }) => {
  const simulator = useSimulator();
  const receiver = useReceiver();
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'setup-'));
    // The package is not published from here: its name in the command represents the packed tarball.
    const command = install.replace(` ${PACKAGE} `, ` '${inject('tarball')}' `);
    for (const [name, text] of Object.entries(manager?.files ?? {}))
      await writeFile(join(folder, name), text);
    await shell(manager === undefined ? command : `node '${await tool(manager)}' ${command}`);
    for (const [name, text] of [...FILES, ...Object.entries(PROGRAMS)])
      await writeFile(join(folder, name), text);
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function shell(command: string): Promise<void> {
    await mustRun('bash', ['-c', command], { cwd: folder, timeout: 240_000 });
  }

  async function tool({ source, bin }: NonNullable<typeof manager>): Promise<string> {
    const tools = join(folder, '.tools');
    await mkdir(tools);
    await mustRun('npm', ['install', '--no-audit', '--no-fund', '--prefix', tools, source], { cwd: tools });
    return join(tools, 'node_modules', bin);
  }

  async function expectWhole(node: string, flags: string, program: string): Promise<void> {
    const { httpUrl, spans } = receiver();
    const { code, stderr } = await run(node, [...flags.split(' '), program], {
      cwd: folder,
      env: {
        OPENAI_API_KEY: 'sk-set-up',
        OPENAI_BASE_URL: simulator().url,
        OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl,
      },
    });
    expect({ code, spans: [...spans].sort() }, stderr).toEqual({ code: 0, spans: SPANS });
    if (flags.includes('views')) {
      expect(stderr).toContain('chat gpt-4o-mini');
      expect(await readFile(join(folder, 'trace.html'), 'utf8')).toContain('chat gpt-4o-mini');
    } else {
      expect(stderr).toBe('');
    }
  }

  test.each(SET_UPS)('node $flags $program sends everything', async ({ flags, program }) => {
    await expectWhole(process.execPath, flags, program);
  });

  test.skipIf(manager !== undefined).each(SET_UPS.filter(({ oldNode }) => oldNode))(
    'node $flags $program sends everything on Node 20 too',
    async ({ flags, program }) => {
      await expectWhole(OLD_NODE, flags, program);
    },
  );
});
