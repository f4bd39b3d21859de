import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { send } from './live/requests.ts';

const CLI = join(import.meta.dirname, '../../dist/cli.cjs');

/** Starts the command. @returns what it has printed once that matches */
function start(text: RegExp, ...parameters: string[]): Promise<RegExpMatchArray> {
  const child = spawn(process.execPath, [CLI, 'view', ...parameters]);
  onTestFinished(() => void child.kill());
  child.stdin.end();
  let said = '';
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        said += chunk;
        const found = said.match(text);
        if (found) resolve(found);
      });
    void once(child, 'close').then(() => reject(new Error(said)));
  });
}

test('it prints its address, and answers there', async () => {
  const [, page = ''] = await start(
    /shown at ((http:\/\/localhost:\d+)\/\?token=\w+)\n.*OTEL_EXPORTER_OTLP_ENDPOINT=\2\n/,
    ...['--port', '0'],
  );
  for (const host of ['127.0.0.1', '[::1]'])
    expect((await send(page.replace('localhost', host))).text, host).toContain(
      '<title>OpenAI traces</title>',
    );
});

test('standard input without spans is named in words', async () => {
  await start(/^Standard input contains no spans\. It must be OTLP\/JSON\.\n$/, '-');
});
