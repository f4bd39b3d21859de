/**
 * Measures what observing a socket costs. Programs with and without observation take turns with the same server.
 * `npm run bench:sockets` writes its part of `docs/benchmarks.md`; `-- 4` measures four rounds and writes nothing.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { writePart } from '../page.ts';
import { fastest } from '../statistics.ts';
import { signed, table } from '../tables.ts';
import { userEnvironment } from '../worker/worker.ts';
import { SOCKET_CASES } from './cases.ts';

const ROUNDS = 24;
const WARM_UPS = 20;

const wanted = process.argv[2];
const rounds = wanted === undefined ? ROUNDS : Number(wanted);
const server = await start('server.ts', []);
const origin = String(server.said);
const variants = await Promise.all(
  ['none', 'again', 'yes'].map((name) => start('worker.ts', [origin, name])),
);

const rows: string[][] = [];
for (const [index, { title, deltas, sent }] of SOCKET_CASES.entries()) {
  const samples: number[][] = variants.map(() => []);
  for (let round = -WARM_UPS; round < rounds; round++) {
    for (let turn = 0; turn < variants.length; turn++) {
      const at = (turn + Math.abs(round)) % variants.length;
      const value = await ask(variants[at]?.child as ChildProcess, index);
      if (round >= 0) samples[at]?.push(value);
    }
  }
  const [none = Number.NaN, again = Number.NaN, observed = Number.NaN] = samples.map(fastest);
  const chunks = Math.max(deltas, sent);
  rows.push([
    title,
    none.toFixed(0),
    (again / none).toFixed(2),
    (observed / none).toFixed(2),
    signed(observed - none, 0),
    chunks === 0 ? '–' : ((observed - none) / chunks).toFixed(2),
  ]);
  console.log(rows.at(-1)?.join(' | '));
}
const head = ['', 'none, µs', 'none, again', 'this package', 'this package, µs', 'for one chunk, µs'];
if (wanted === undefined)
  await writePart(
    'sockets',
    `${new Date().toISOString().slice(0, 10)}, ${rounds} rounds.\n\n${table(head, rows)}`,
  );
for (const { child } of [...variants, server]) child.disconnect();

async function start(
  file: string,
  parameters: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly said: unknown }> {
  const child = fork(join(import.meta.dirname, file), parameters, {
    execArgv: ['--expose-gc'],
    env: userEnvironment(),
  });
  const [said] = await once(child, 'message');
  return { child, said };
}

async function ask(child: ChildProcess, index: number): Promise<number> {
  child.send(index);
  const [value] = await once(child, 'message');
  return value as number;
}
