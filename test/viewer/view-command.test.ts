import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { listsOf, otlp, send } from './live/requests.ts';

const CLI = join(import.meta.dirname, '../../dist/cli.cjs');
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

interface Program {
  /** Resolves once this has been printed. */
  printed(text: RegExp): Promise<RegExpMatchArray>;
  ended: Promise<number | null>;
  said(): string;
}

function start(...parameters: string[]): Program {
  const child = spawn(process.execPath, [CLI, 'view', ...parameters]);
  cleanups.push(() => child.kill());
  let said = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += chunk;
      for (const listener of listeners) listener();
    });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const printed = (text: RegExp): Promise<RegExpMatchArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = said.match(text);
        if (found) resolve(found);
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(said)));
    });
  return { printed, ended, said: () => said };
}

test('it prints its address, and answers there', async () => {
  const program = start('--port', '0');
  const [, page = ''] = await program.printed(
    /shown at ((http:\/\/localhost:\d+)\/\?token=\w+)\n.*OTEL_EXPORTER_OTLP_ENDPOINT=\2\n/,
  );
  for (const host of ['127.0.0.1', '[::1]'])
    expect((await send(page.replace('localhost', host))).text, host).toContain(
      '<title>OpenAI traces</title>',
    );
});

test('a port that is taken is said in one line, with the next free one and the variable to set', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const { port } = server.address() as { port: number };
  const program = start('--port', String(port));
  expect(await program.ended).toBe(1);
  const [, next = ''] =
    program
      .said()
      .match(
        new RegExp(
          `^Port ${port} is taken\\. (\\d+) is free: npx \\S+ view --port \\1, and set OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:\\1\\n$`,
        ),
      ) ?? [];
  expect(Number(next), program.said()).toBeGreaterThan(port);
});

test('it watches a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'view-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'a.jsonl'), otlp({ traceId: 't', spanId: '1', name: 'x' }));
  const program = start(folder, '--port', '0');
  const [, page = ''] = await program.printed(/shown at (\S+)/);
  expect((await listsOf(page)).traces).toMatchObject([{ title: 'x' }]);
});

test.skipIf(process.platform === 'win32')('it does not wait for pipes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'view-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const pipe = join(folder, 'a.jsonl');
  execFileSync('mkfifo', [pipe]);
  await writeFile(join(folder, 'b.jsonl'), otlp({ traceId: 't', spanId: '1', name: 'x' }));
  const [, page = ''] = await start(folder, '--port', '0').printed(/shown at (\S+)/);
  expect((await listsOf(page)).traces).toMatchObject([{ title: 'x' }]);
  await start(pipe, '--watch', '--port', '0').printed(
    /a\.jsonl cannot be watched: it is neither a file nor a folder\.\n/,
  );
});

test.each([
  [['--port', 'x']],
  [['--port', '65536']],
  [['--watch']],
  [['--output', 'page.html']],
  [['a.json', '--port', '4318']],
  [['a.json', '--watch', '--output', 'page.html']],
  [['--nothing']],
])('%j is answered with what is wrong and the usage', async (parameters) => {
  const program = start(...parameters);
  expect(await program.ended).toBe(2);
  expect(program.said()).toMatch(/^.+\.\nUsage: .* view/);
});

test('standard input without spans is named in words', async () => {
  const child = spawn(process.execPath, [CLI, 'view', '-']);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  child.stdin.end();
  const [code] = await once(child, 'close');
  expect([code, said]).toEqual([1, 'Standard input contains no spans. It must be OTLP/JSON.\n']);
});
