import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codeBlocksOf } from '../docs/documents.ts';
import type { Completed } from '../support/lanes/command.ts';
import { ROOT, startExample, treeLines } from './program.ts';

/** Those with a README that has the command and the tree; the others have tests of their own. */
const EXAMPLES = [
  'agents',
  'azure',
  'evaluations',
  'express',
  'lambda',
  'migration',
  'openai-agents',
  'own-functions',
  'processes',
  'quick-start',
  'streaming',
  'tools',
  'zero-code',
];
const TESTED_ELSEWHERE = ['backends', 'bundled', 'math-tutor'];

function blockOf(example: string, language: string): string {
  const blocks = codeBlocksOf(`examples/${example}/README.md`);
  return blocks.find((block) => block.language === language)?.code ?? '';
}

/** What comes after `node` in the command of the README. */
function commandOf(example: string): string[] {
  const [command = ''] = blockOf(example, 'sh').replaceAll('\\\n', '').split('\n');
  const [node, ...parameters] = command.split(/\s+/);
  if (node !== 'node') throw new Error(`The README of ${example} has no command: ${command}`);
  return parameters;
}

/** Runs the command of the README, without a key: against the simulator. */
function run(example: string, environment: Readonly<Record<string, string>> = {}): Promise<Completed> {
  return startExample(commandOf(example), { OTEL_TRACES_EXPORTER: 'console', ...environment }).finished;
}

/** Some are several processes, each of which loads OpenTelemetry: on a busy machine that takes a while. */
const PATIENCE = { timeout: 120_000 };

describe('an example prints the tree that its README shows', PATIENCE, () => {
  it.each(EXAMPLES.filter((example) => example !== 'express'))('%s', async (example) => {
    const { code, stdout, stderr } = await run(example);
    const shown = treeLines(blockOf(example, 'text'));
    expect(shown).not.toEqual([]);
    expect(treeLines(stderr)).toEqual(shown);
    expect(panelNames(stderr)).toEqual(panelNames(blockOf(example, 'text')));
    expect(stdout).not.toMatch(/^$|undefined|Error/);
    expect(code).toBe(0);
  });

  it('express, for each request', async () => {
    const { child, finished } = startExample(commandOf('express'), {
      OTEL_TRACES_EXPORTER: 'console',
      PORT: '0',
    });
    const [line] = await new Promise<string[]>((resolve) =>
      child.stdout.once('data', (text: string) => resolve(text.split('\n'))),
    );
    for (const user of ['ada', 'ada', 'bob']) {
      const response = await fetch(line ?? '', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user, question: 'What is x?' }),
      });
      expect(await response.json()).toEqual({ answer: expect.any(String) });
    }
    child.kill('SIGTERM');
    const shown = treeLines(blockOf('express', 'text'));
    const printed = treeLines((await finished).stderr);
    expect(printed.slice(0, shown.length)).toEqual(shown);
    expect(printed.slice(shown.length).join('\n')).toMatch(
      /^POST \/ask\n.+thread_000002\n└─ thread {2}thread_000002 /,
    );
  });

  it('processes, all of which record the thread in one trace', async () => {
    expectOneTrace((await run('processes', { TREE_SUMMARY: 'true' })).stderr);
  });

  it('own-functions, with content if enabled', async () => {
    const { stderr } = await run('own-functions', {
      OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'SPAN_ONLY',
    });
    expect(stderr).toContain('What is a derivative?');
  });
});

/** What the panels below the trees tell of, without how much: the edges as well, which stand for the panels. */
function panelNames(text: string): string[] {
  return [...text.matchAll(/^(?:│ (\S.*?) {2}|[╭╰])/gm)].map(([edge, name]) => name ?? edge);
}

/** What both processes record of the thread is in one trace; what is no part of it is not. */
function expectOneTrace(stderr: string): void {
  const [assistant, creation, worker, web, ...more] = [...stderr.matchAll(/Trace id +(\w{32})/g)].map(
    ([, id]) => id,
  );
  expect(worker).toBe(web);
  expect(new Set([assistant, creation, web]).size).toBe(3);
  expect(more).toEqual([]);
}

it('every folder is listed and tested', () => {
  const folders = readdirSync(`${ROOT}examples`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'support')
    .map(({ name }) => name);
  const list = readFileSync(`${ROOT}examples/README.md`, 'utf8');
  expect(folders.filter((folder) => !list.includes(`](${folder}`))).toEqual([]);
  expect(folders.sort()).toEqual([...EXAMPLES, ...TESTED_ELSEWHERE].sort());
});
