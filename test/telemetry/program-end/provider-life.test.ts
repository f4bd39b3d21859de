import { beforeEach, describe, expect, test } from 'vitest';
import { sendWithin } from '../../../src/telemetry/program-end/program-end.ts';
import {
  knownProviders,
  lifeOf,
  listenTo,
  stopListening,
} from '../../../src/telemetry/program-end/provider-life.ts';

let order: string[];
beforeEach(() => {
  order = [];
});

const listener = {
  forceFlush: async () => void order.push('flush'),
  shutdown: async () => void order.push('shutdown'),
};

/** A provider that writes down what is done to it. */
class Provider {
  async forceFlush(reason?: string): Promise<string> {
    order.push(`provider: forceFlush ${reason ?? ''}`.trim());
    return 'flushed';
  }
  async shutdown(): Promise<void> {
    order.push('provider: shutdown');
  }
}

describe('before a provider', () => {
  test('flushes and shuts down, the listener finishes its work', async () => {
    const provider = new Provider();
    listenTo(provider, listener);
    expect(await provider.forceFlush('now')).toBe('flushed');
    await provider.shutdown();
    expect(order).toEqual(['flush', 'provider: forceFlush now', 'shutdown', 'provider: shutdown']);
  });

  test('shuts down, a listener may fail', async () => {
    const provider = new Provider();
    const broken = async (): Promise<void> => {
      throw new Error('broken');
    };
    listenTo(provider, { forceFlush: broken, shutdown: broken });
    await provider.shutdown();
    expect(order).toEqual(['provider: shutdown']);
  });
});

test('a provider waits for any number of listeners, and holds none of them', async () => {
  const provider = new Provider();
  const listeners = Array.from({ length: 10_000 }, () => ({ ...listener }));
  for (const each of listeners) listenTo(provider, each);
  const { forceFlush } = provider;
  await provider.forceFlush();
  expect(order).toHaveLength(listeners.length + 1);
  for (const each of listeners.slice(1)) stopListening(each);
  expect(provider.forceFlush).toBe(forceFlush);
  for (const each of listeners.slice(0, 1)) stopListening(each);
  expect(Reflect.ownKeys(provider)).toEqual([]);
});

test('a provider that the program has shut down is not flushed again: the SDK warns of that', async () => {
  const [tracers, meters, loggers] = [new Provider(), new Provider(), new Provider()];
  const all = { ...listener, otherProviders: [meters, loggers] };
  for (const provider of [tracers, meters, loggers]) listenTo(provider, all);
  await Promise.all([meters.shutdown(), loggers.shutdown()]);
  order = [];
  await sendWithin(1_000, [tracers]);
  expect(order).toEqual(['flush', 'provider: forceFlush']);
});

test('removing a listener keeps a method that another package has wrapped since', async () => {
  const provider = new Provider();
  listenTo(provider, listener);
  const ours = provider.shutdown;
  provider.shutdown = () => ours.call(provider);
  const theirs = provider.shutdown;
  stopListening(listener);
  expect(provider.shutdown).toBe(theirs);
  await provider.shutdown();
  expect(order).toEqual(['provider: shutdown']);
});

test('a provider that others have replaced still calls its listener, once', async () => {
  const providers = Array.from({ length: 6 }, () => new Provider());
  for (const each of [...providers, ...providers]) listenTo(each, listener);
  expect(knownProviders()).toEqual(expect.arrayContaining(providers));
  for (const each of providers) await each.shutdown();
  expect(order).toEqual(providers.flatMap(() => ['shutdown', 'provider: shutdown']));
  stopListening(listener);
  expect(providers.flatMap((each) => Reflect.ownKeys(each))).toEqual([]);
});

test('a provider without these methods is not changed', () => {
  const provider = {};
  listenTo(provider, listener);
  stopListening(listener);
  expect(provider).toEqual({});
});

test.each([false, true])(
  'a flush sends all there is unless a listener has something open: %s',
  async (isOpen) => {
    const provider = { forceFlush: async () => undefined };
    const listener = { isOpen, forceFlush: async () => undefined, shutdown: async () => undefined };
    listenTo(provider, listener);
    lifeOf(provider).unsent = true;
    await provider.forceFlush();
    expect(lifeOf(provider).unsent).toBe(isOpen);
    stopListening(listener);
  },
);
