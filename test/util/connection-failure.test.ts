import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { isTracingSuppressed } from '@opentelemetry/core';
import { expect, onTestFinished, test } from 'vitest';
import { connectionFailure } from '../../src/util/connection-failure.ts';
import { listen, onConnect } from '../support/listening.ts';

test('a refused connection is known', async () => {
  expect(await connectionFailure(new URL('http://127.0.0.1:1/v1/traces'), 10_000)).toBe('ECONNREFUSED');
  expect(await connectionFailure(new URL(`${await listen()}/v1/traces`), 10_000)).toBeUndefined();
});

test('a connection has no span in a program that instruments `node:net`', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  onTestFinished(() => context.disable());
  const address = await listen();
  const suppressed: boolean[] = [];
  onConnect(() => suppressed.push(isTracingSuppressed(context.active())));
  await connectionFailure(new URL(address), 10_000);
  expect(suppressed).toEqual([true]);
});
