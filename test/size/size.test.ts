import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { mustRun } from '../support/lanes/command.ts';
import { ROOT } from '../support/lanes/paths.ts';
import { ENTRIES } from './entries.ts';

const DIST = join(ROOT, 'dist');
/** In the names of files that are no entries. */
const HASH = /-[\w-]{8}\.cjs$/;

/** Bytes of a bundle as a program would ship it, without the packages that it has anyway. */
async function bundledSize(file: string): Promise<number> {
  const bundle = await rolldown({ input: file, external: /^(?!\.|\/|[A-Z]:)/i, platform: 'node' });
  const { output } = await bundle.generate({ minify: true });
  return output.reduce((sum, part) => sum + (part.type === 'chunk' ? Buffer.byteLength(part.code) : 0), 0);
}

/** What Node loads for one file, packages by their names; the files of this package aside. */
async function loadedBy(file: string): Promise<string[]> {
  const program = `
    const { registerHooks } = require('node:module');
    const loaded = new Set();
    registerHooks({ load: (url, context, next) => (loaded.add(url), next(url, context)) });
    import(${JSON.stringify(file)}).then(() => process.stdout.write(JSON.stringify([...loaded])));
  `;
  const urls: string[] = JSON.parse(await mustRun(process.execPath, ['--eval', program], { cwd: ROOT }));
  const names = urls
    .filter((url) => !url.includes('/dist/') || url.includes('/node_modules/'))
    .map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? url);
  return [...new Set(names)].sort();
}

/** The files of this package that are loaded once a client has been instrumented, and after a call of each kind. */
async function loadedWhen(calls: readonly string[], options: object = {}): Promise<string[][]> {
  const program = `
    const { OpenAI } = require('openai');
    const { instrumentOpenAI } = require(${JSON.stringify(join(DIST, 'client.cjs'))});
    const fetch = async () => Response.json({ id: 'thread_1', object: 'thread', choices: [] });
    // Somebody has to listen.
    const config = { ...${JSON.stringify(options)}, cost: false, responseHook: () => undefined };
    const client = instrumentOpenAI(new OpenAI({ apiKey: 'test', fetch }), config);
    const ours = () => Object.keys(require.cache).filter((file) => file.startsWith(${JSON.stringify(DIST)}));
    (async () => {
      const seen = [ours()];
      for (const call of [${calls.join()}]) seen.push((await call(), ours()));
      process.stdout.write(JSON.stringify(seen));
    })();
  `;
  const seen: string[][] = JSON.parse(await mustRun(process.execPath, ['--eval', program], { cwd: ROOT }));
  return seen.map((files) => files.map((file) => basename(file).replace(HASH, '.cjs')));
}

test('what a chat completion does not need is loaded on first use', async () => {
  const [before, afterChat, afterThread] = await loadedWhen([
    "() => client.chat.completions.create({ model: 'gpt-4o', messages: [] })",
    '() => client.beta.threads.create()',
  ]);
  expect(before?.toSorted()).toEqual(['client.cjs', 'core.cjs', 'rolldown-runtime.cjs']);
  const started = (await readdir(DIST)).filter((file) => before?.includes(file.replace(HASH, '.cjs')));
  const sizes = await Promise.all(started.map((file) => stat(join(DIST, file))));
  expect(sizes.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(265_000);
  // There is no tracer provider, and that is reported. The code for failures is loaded after the first call.
  expect(afterChat?.toSorted()).toEqual([...(before ?? []), 'outcomes.cjs'].toSorted());
  expect(afterThread).toEqual(expect.arrayContaining(['hierarchy.cjs', 'operations.cjs']));
  expect(afterThread).not.toContain('sockets.cjs');
});

test.each<[string, object, boolean]>([
  ['by default', {}, false],
  ['with adoptRuns', { adoptRuns: true }, true],
  ['with propagateInMetadata', { propagateInMetadata: true }, true],
])('the code for several processes on one run: %s', async (_, options, isLoaded) => {
  const loaded = await loadedWhen(
    [
      '() => client.beta.threads.runs.create("thread_1", { assistant_id: "asst_1" })',
      '() => client.beta.threads.runs.retrieve("run_1", { thread_id: "thread_1" })',
      '() => client.responses.create({ model: "gpt-4o", input: "Hi", background: true })',
      '() => client.responses.retrieve("resp_1")',
      '() => client.beta.agents.sessions.retrieve("session_1")',
    ],
    options,
  );
  expect(loaded[0]).not.toContain('processes.cjs');
  expect(loaded.at(-1)).toContain('hierarchy.cjs');
  expect(loaded.at(-1)?.includes('processes.cjs')).toBe(isLoaded);
});

test("the code for OpenAI's own traces is loaded once a program lists them", async () => {
  const trace = { object: 'agent.session.trace', id: 'turn_1', session_id: 'session_1', otlp: {} };
  const answer = `Response.json({ object: 'list', data: [${JSON.stringify(trace)}] })`;
  const [, before, after] = await loadedWhen([
    '() => client.beta.agents.sessions.turns.list("session_1")',
    `() => client.withOptions({ fetch: async () => ${answer} }).beta.agents.sessions.traces.list("session_1")`,
  ]);
  expect(before).toContain('hierarchy.cjs');
  expect(before).not.toContain('hosted-turns.cjs');
  expect(after).toContain('hosted-turns.cjs');
});

test('files are strict, as their sources are', async () => {
  const files = (await readdir(DIST)).filter((file) => file.endsWith('.cjs'));
  const starts = await Promise.all(
    files.map(async (file) => (await readFile(join(DIST, file), 'utf8')).slice(0, 40)),
  );
  expect(files.filter((_, index) => !/^(?:#!.*\n)?"use strict";/.test(starts[index] ?? ''))).toEqual([]);
});

describe.each(ENTRIES)('the entry $name', ({ name, kilobytes, loads }) => {
  test(`is less than ${kilobytes} kB in a bundle`, async () => {
    expect(await bundledSize(join(DIST, `${name}.mjs`))).toBeLessThan(kilobytes * 1_000);
  });

  test.each(['mjs', 'cjs'])('as %s loads only what it uses', async (format) => {
    expect(await loadedBy(join(DIST, `${name}.${format}`))).toEqual([...loads].sort());
  });
});
