import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { forgetNotices, noticed } from '../../src/diagnostics/report.ts';
import { forgetWrappers } from '../../src/sdk/other-wrappers.ts';
import { type Session, startSession } from '../support/session.ts';

let session: Session;
let folder: string;
beforeEach(async () => {
  forgetNotices();
  forgetWrappers();
  folder = await mkdtemp(join(tmpdir(), 'wrappers-'));
  session = await startSession();
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  forgetNotices();
  session.warnings.length = 0;
  await session.verify();
});

/** Makes the call in a function of a package, as a wrapper around the client does. */
async function callThrough(name: string): Promise<void> {
  const directory = join(folder, 'node_modules', name);
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'index.mjs');
  await writeFile(file, 'export const through = (call) => (0, call)();\n');
  const { through } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
    through(call: () => Promise<unknown>): Promise<unknown>;
  };
  await through(() => session.client.models.list());
}

test('a call through @langfuse/openai is told once, with what to do', async () => {
  await callThrough('@langfuse/openai');
  await callThrough('@langfuse/openai');
  const found = noticed().filter(({ code }) => code === 'recorded_twice');
  expect(found).toMatchObject([{ action: expect.stringContaining('observeOpenAI') }]);
});

test('a call through another package is not', async () => {
  await callThrough('@langfuse/tracing');
  expect(noticed().map(({ code }) => code)).not.toContain('recorded_twice');
});

test('only the first calls of a process are looked at, and the length of stacks stays as it is', async () => {
  const limit = Error.stackTraceLimit;
  for (let calls = 0; calls < 3; calls++) await session.client.models.list();
  await callThrough('@langfuse/openai');
  expect(noticed().map(({ code }) => code)).not.toContain('recorded_twice');
  expect(Error.stackTraceLimit).toBe(limit);
});

test("the program's own way of printing stacks is neither asked nor changed", async () => {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const printed: string[] = [];
  const prepare = ({ message }: Error): string => {
    printed.push(message);
    return message;
  };
  Error.prepareStackTrace = prepare;
  await callThrough('@langfuse/openai');
  const after = { prepare: Error.prepareStackTrace, limit: Error.stackTraceLimit };
  Error.prepareStackTrace = prepareStackTrace;
  expect(after).toEqual({ prepare, limit: stackTraceLimit });
  expect(printed).not.toContain('finding wrappers');
  expect(noticed().map(({ code }) => code)).toContain('recorded_twice');
});
