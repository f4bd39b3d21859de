import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { type Completed, run } from '../support/lanes/command.ts';
import { type CodeBlock, codeBlocksOf, readDocument } from './documents.ts';

const PACKAGE = 'opentelemetry-instrumentation-openai';
const [install, program, start, view, startLive] = blocksBelow('Quick start');
const simulator = useSimulator();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'first-trace-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('following the README in an empty folder shows a trace', async () => {
  // The package is not published from here: its name in the command represents the packed tarball.
  await shell(install?.code.replace(` ${PACKAGE} `, ` '${inject('tarball')}' `) ?? '');
  await writeFile(join(folder, fileName(program)), program?.code ?? '');
  const { stdout, stderr, code } = await shell(start?.code ?? '');
  expect(stdout).toBe('This is a simulated answer.\n');
  expect(stderr.trim()).toMatch(/^chat gpt-5-mini +[\d.]+ m?s +\d+ → \d+ tokens · stop$/);
  expect(code).toBe(0);
}, 300_000);

test('following it shows the trace live', async () => {
  const viewer = spawn('bash', ['-c', `exec ${view?.code.trim()} --port 0`], { cwd: folder, detached: true });
  try {
    const address = await new Promise<string>((resolve, reject) => {
      let said = '';
      viewer.stdout.on('data', (chunk) => {
        said += chunk;
        const [, found] = /shown at (\S+)\n/.exec(said) ?? [];
        if (found !== undefined) resolve(found);
      });
      viewer.on('close', () => reject(new Error(said)));
    });
    const { origin, search } = new URL(address);
    const command = startLive?.code.replace('http://localhost:4318', origin) ?? '';
    expect(command).toContain(origin);
    const { code } = await shell(command, { OTEL_TRACES_EXPORTER: 'otlp' });
    expect(code).toBe(0);
    const { spans } = await (await fetch(`${origin}/api/spans${search}`)).json();
    expect(spans).toMatchObject([{ name: 'chat gpt-5-mini' }]);
    expect(spans[0].attributes['gen_ai.input.messages']).toContain('What is a span?');
  } finally {
    process.kill(-(viewer.pid ?? 0));
  }
});

test('the doctor has no findings for the result', async () => {
  const parameters = [PACKAGE, 'doctor', '--start', start?.code.trim() ?? ''];
  // In the environment of the program: otherwise, the default endpoint is asked, where nothing may listen.
  const env = { OTEL_TRACES_EXPORTER: 'console' };
  const { code, stdout } = await run('npx', parameters, { cwd: folder, env });
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('\n0 problems, 0 notes; ') });
  for (const check of ['packages', 'start script'])
    expect(stdout).toMatch(new RegExp(`^ok +${check}: `, 'm'));
});

function blocksBelow(heading: string): CodeBlock[] {
  const text = readDocument('README.md');
  const first = text.slice(0, text.indexOf(`## ${heading}`)).split('\n').length;
  return codeBlocksOf('README.md').filter(({ line, language }) => line > first && language !== 'text');
}

/** A block that is a file says so in its first line. */
function fileName(block: CodeBlock | undefined): string {
  return /^\/\/ ([\w.-]+)\n/.exec(block?.code ?? '')?.[1] ?? '';
}

/** As a reader types it; a pipe is no terminal, so trees have to be asked for. */
function shell(command: string, more: Readonly<Record<string, string>> = {}): Promise<Completed> {
  const env = {
    OPENAI_API_KEY: 'sk-first-trace',
    OPENAI_BASE_URL: simulator().url,
    OTEL_TRACES_EXPORTER: 'console',
    ...more,
  };
  return run('bash', ['-c', command], { cwd: folder, env, timeout: 240_000 });
}
