import { appendFile, mkdtemp, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KeptTraces } from '../../../src/viewer/live/kept-traces.ts';
import { otlp } from './requests.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kept-'));
  file = join(folder, 'traces.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const request = (name: string): unknown => JSON.parse(otlp({ traceId: 't', spanId: name, name }));
const opened = (maxSize?: number): { kept: KeptTraces; names: string[]; problems: string[] } => {
  const problems: string[] = [];
  const kept = new KeptTraces(file, (problem) => problems.push(problem), maxSize);
  return { kept, names: kept.read().spans.map(({ name }) => name), problems };
};

test('a write that was interrupted loses its own line alone', async () => {
  opened().kept.add(request('first'));
  await appendFile(file, JSON.stringify(request('interrupted')).slice(0, -20));
  opened().kept.add(request('next'));
  expect(opened().names).toEqual(['first', 'next']);
});

test('a full file makes room for what is new', async () => {
  const { length } = `${JSON.stringify(request('0'))}\n`;
  const { kept, problems } = opened(10 * length);
  for (let i = 0; i < 100; i++) {
    kept.add(request(String(i % 10)));
    expect((await stat(file)).size).toBeLessThanOrEqual(10 * length);
  }
  expect(problems).toEqual([]);
  expect(opened().names.at(-1)).toBe('9');
  expect(opened().names.length).toBeGreaterThan(4);
  expect((await readFile(file, 'utf8')).endsWith('\n')).toBe(true);
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('a request that is too large is reported, and costs nothing that is there', async () => {
  const { length } = `${JSON.stringify(request('first'))}\n`;
  const { kept, problems } = opened(3 * length);
  kept.add(request('first'));
  kept.add(request('x'.repeat(2 * length)));
  expect(problems).toEqual([`A request was too large to be kept in ${file}.`]);
  kept.add(request('next'));
  expect((await stat(file)).size).toBeLessThanOrEqual(3 * length);
  expect(opened(3 * length).names).toEqual(['first', 'next']);
});

test('a file that is emptied or deleted meanwhile has room again', async () => {
  const { length } = `${JSON.stringify(request('0'))}\n`;
  const { kept, problems } = opened(4 * length);
  for (const free of [() => truncate(file), () => rm(file)]) {
    for (let i = 0; i < 4; i++) kept.add(request(String(i)));
    await free();
    for (let i = 0; i < 4; i++) kept.add(request(String(i)));
    expect(opened().names).toEqual(['0', '1', '2', '3']);
    await rm(file);
  }
  expect(problems).toEqual([]);
});

test('of a file that is too large already, the newest half of the maximum is shown and stays', async () => {
  const { length } = `${JSON.stringify(request('0'))}\n`;
  const { kept } = opened();
  for (let i = 0; i < 9; i++) kept.add(request(String(i)));
  const next = opened(6 * length);
  expect(next.names).toEqual(['6', '7', '8']);
  next.kept.add(request('9'));
  expect(opened().names).toEqual(['6', '7', '8', '9']);
});
