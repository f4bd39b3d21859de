import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

/** How a program ends, one of whose outputs nobody reads. */
async function endOf(
  closed: 'stdout' | 'stderr',
  ...parameters: string[]
): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, parameters, { stdio: ['pipe', 'pipe', 'pipe'] });
  child[closed].destroy();
  const said = child[closed === 'stdout' ? 'stderr' : 'stdout'].setEncoding('utf8').toArray();
  await once(child[closed], 'close');
  child.stdin.end();
  const [code] = await once(child, 'exit');
  return { code, said: (await said).join('') };
}

describe('a closed stream does not end the program', () => {
  it('that prints trees', async () => {
    const program = `
      const { ConsoleTreeExporter } = await import(${JSON.stringify(pathToFileURL(resolve('src/export.ts')).href)});
      await process.stdin.toArray();
      for (const traceId of ['1', '2', '3']) {
        const exporter = new ConsoleTreeExporter();
        const spanContext = () => ({ traceId, spanId: '1' });
        exporter.export([{ name: 'root', kind: 0, startTime: [0, 0], endTime: [0, 0], status: {}, attributes: {}, spanContext }], () => {});
        await exporter.shutdown();
        await new Promise((resume) => setTimeout(resume, 10));
      }
      process.exitCode = 7;
    `;
    expect(await endOf('stderr', '--input-type=module', '--eval', program)).toEqual({ code: 7, said: '' });
  });

  it('that is the command of this package', async () => {
    expect((await endOf('stdout', resolve('src/cli.ts'), 'doctor')).said).toBe('');
    expect(await endOf('stderr', resolve('src/cli.ts'))).toEqual({ code: 2, said: '' });
  });
});
