import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** What is published, but for types. */
const FILES: readonly (readonly [file: string, code: string])[] = globSync('dist/*.{mjs,cjs}').map(
  (file) => [file, readFileSync(file, 'utf8').replaceAll(/\/\*.*?\*\//g, '')] as const,
);

function matches(pattern: RegExp): string[] {
  return FILES.flatMap(([file, code]) => [...code.matchAll(pattern)].map(([text]) => `${file}: ${text}`));
}

test('the build exists', () => {
  expect(FILES.length).toBeGreaterThan(10);
});

test('the package evaluates no code at run time', () => {
  expect(
    matches(/\beval\s*\(|\bnew\s+Function\b|\bFunction\s*\(\s*[`'"]|setTimeout\(\s*[`'"]|\bnode:vm\b/g),
  ).toEqual([]);
});

test('the package starts no process, and opens connections only to the collector and to the live view', () => {
  const used = matches(
    /(child_process|worker_threads|node:(net|tls|dgram|dns|https?|http2|cluster|inspector))\b/g,
  );
  // The command `doctor` asks the endpoint, the command `view` takes traces. No program loads them.
  const inPrograms = used.filter((each) => !/^dist\/(?:command|live-view)-[\w-]+\.cjs: /.test(each));
  const loading = FILES.filter(([, code]) => code.includes('live-view-')).map(([file]) => file);
  expect(loading).toEqual([expect.stringMatching(/\/view-command-[\w-]+\.cjs$/)]);
  const loads = (name: string): string[] =>
    FILES.filter(([, code]) => code.includes(name)).map(([file]) => file);
  expect(loads('/command-')).toEqual(['dist/cli.cjs']);
  expect(loads('view-command-')).toEqual(['dist/cli.cjs']);
  // `util/connection-failure.ts` looks whether the collector refuses connections, `export/live-spans.ts` sends what is in
  // progress to the command `view` on this machine, and `telemetry/program-end/exit-delivery.ts` starts the worker that
  // sends the last spans.
  expect([...new Set(inPrograms.map((each) => each.replace(/-[\w-]{8}\./, '.')))].sort()).toEqual([
    'dist/exit-worker.cjs: node:http',
    'dist/exit-worker.cjs: node:https',
    'dist/exit-worker.cjs: worker_threads',
    // These ask only in which thread they run.
    'dist/hooks.cjs: worker_threads',
    'dist/index.cjs: worker_threads',
    'dist/outcomes.cjs: node:http',
    'dist/outcomes.cjs: node:net',
    'dist/register.cjs: worker_threads',
  ]);
  // The page asks the server that it comes from. Its policy allows that, and on a disk nothing.
  expect(matches(/\bfetch\s*\(|XMLHttpRequest|WebSocket\s*\(|EventSource\s*\(/g)).toEqual([
    expect.stringMatching(/\/page-file-[\w-]+\.cjs: fetch\($/),
  ]);
});

test('shared files are named after what is in them, so that an old file loads no new one after an upgrade in place', () => {
  const shared = matches(/"\.\/(?:core|content|outcomes|operations)[\w-]*\.cjs"/g);
  expect(shared.length).toBeGreaterThan(10);
  expect(shared.filter((each) => !/-[\w-]{8}\.cjs"$/.test(each))).toEqual([]);
});

test('the package imports only declared dependencies', () => {
  const imported = matches(/\bimport\s*\(\s*[^`'")\s][^)]*\)/g);
  // The parser of the command `doctor` speaks of such imports.
  expect(imported.filter((each) => !each.startsWith('dist/command-'))).toEqual([]);
});
