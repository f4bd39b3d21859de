import { once } from 'node:events';
import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { writeTo } from '../../src/shared/text-stream.ts';

it('removes its listeners, and handles only its own errors', async () => {
  const fine = new Writable({ write: (_chunk, _encoding, written) => setImmediate().then(() => written()) });
  for (let i = 0; i < 20; i++) writeTo(fine, 'text');
  expect(fine.listenerCount('error')).toBe(0);
  await once(fine.end(), 'finish');
  const broken = new Writable({ write: (_chunk, _encoding, written) => written(new Error('EPIPE')) });
  const heard: string[] = [];
  broken.on('error', ({ message }) => heard.push(message));
  writeTo(broken, 'text');
  await setImmediate();
  expect([heard, broken.listenerCount('error')]).toEqual([['EPIPE'], 1]);
});
