import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { startSimulator } from '../support/simulator/index.ts';
import { calling } from './program.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const REGISTER = {
  mjs: ['--import', pathToFileURL(join(ROOT, 'src/register-esm.ts')).href],
  cjs: ['--require', join(ROOT, 'src/register.ts')],
};

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Runs a program with `…/register`. A signal is sent once the program has its answer. */
async function runRegistered(
  format: 'mjs' | 'cjs',
  env: Readonly<Record<string, string>>,
  signal?: NodeJS.Signals,
): Promise<Ended> {
  const simulator = await startSimulator();
  simulator.respond({ output: [calling('echo')] }, { output: [{ message: 'Done.' }] });
  const program = join(import.meta.dirname, 'programs', `agent.${format}`);
  const child = spawn(process.execPath, [...REGISTER[format], program], {
    cwd: ROOT,
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'console', BASE_URL: simulator.url, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (signal !== undefined) child.kill(signal);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  await simulator.close();
  return { stdout, stderr, code };
}

test.each([
  { format: 'mjs', tracing: 'on' },
  { format: 'mjs', tracing: 'off' },
  { format: 'cjs', tracing: 'on' },
  { format: 'cjs', tracing: 'off' },
] as const)('…/register records agents: $format, tracing $tracing', async ({ format, tracing }) => {
  const env = { OPENAI_AGENTS_DISABLE_TRACING: tracing === 'off' ? '1' : '0', NODE_ENV: '' };
  const { stdout, stderr, code } = await runRegistered(format, env);
  expect({ stdout, code }).toEqual({ stdout: 'Done.\n', code: 0 });
  const tree = stderr.split('\n').filter((line) => /[├└]|^invoke/.test(line));
  expect(tree.map((line) => line.replace(/(?<=\w) {2,}.*$/, ''))).toEqual([
    'invoke_workflow Agent workflow',
    '└─ invoke_agent Helper',
    '   ├─ chat gpt-4o',
    '   ├─ execute_tool echo',
    '   └─ chat gpt-4o',
  ]);
});

// The library ends the process only where nobody else listens, once it has sent its own traces.
test.each([
  { signal: 'SIGTERM', code: 0 },
  { signal: 'SIGINT', code: 130 },
] as const)('a program ends on $signal as the library has it', async ({ signal, code }) => {
  expect((await runRegistered('mjs', { STAYS: '1' }, signal)).code).toBe(code);
});
