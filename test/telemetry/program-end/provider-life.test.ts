import { TracerProvider } from '@opentelemetry/sdk-trace';
import { beforeEach, describe, expect, test } from 'vitest';
import { sendWithin } from '../../../src/telemetry/program-end/program-end.ts';
import { beforeProviderEnds, FollowedProvider } from '../../../src/telemetry/program-end/provider-life.ts';

let order: string[];
beforeEach(() => {
  order = [];
});

const listener = {
  flush: async () => void order.push('flush'),
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
    beforeProviderEnds(provider, listener);
    expect(await provider.forceFlush('now')).toBe('flushed');
    await provider.shutdown();
    expect(order).toEqual(['flush', 'provider: forceFlush now', 'shutdown', 'provider: shutdown']);
  });

  test('shuts down, a listener may fail', async () => {
    const provider = new Provider();
    const broken = async (): Promise<void> => {
      throw new Error('broken');
    };
    beforeProviderEnds(provider, { flush: broken, shutdown: broken });
    await provider.shutdown();
    expect(order).toEqual(['provider: shutdown']);
  });

  test('of the SDK flushes and shuts down, the listener finishes its work', async () => {
    const provider = new TracerProvider();
    beforeProviderEnds(provider, listener);
    await provider.forceFlush();
    await provider.shutdown();
    expect(order).toEqual(['flush', 'shutdown']);
  });
});

test('a provider waits for any number of listeners, and holds none of them', async () => {
  const provider = new Provider();
  const listeners = Array.from({ length: 10_000 }, () => ({ ...listener }));
  const stops = listeners.map((each) => beforeProviderEnds(provider, each));
  const { forceFlush } = provider;
  await provider.forceFlush();
  expect(order).toHaveLength(listeners.length + 1);
  for (const stop of stops.slice(1)) stop();
  expect(provider.forceFlush).toBe(forceFlush);
  stops[0]?.();
  expect(Reflect.ownKeys(provider)).toEqual([]);
});

test('a provider that the program has shut down is not flushed again: the SDK warns of that', async () => {
  const [tracers, meters, loggers] = [new Provider(), new Provider(), new Provider()];
  const all = { ...listener, otherProviders: [meters, loggers] };
  for (const provider of [tracers, meters, loggers]) beforeProviderEnds(provider, all);
  await Promise.all([meters.shutdown(), loggers.shutdown()]);
  order = [];
  await sendWithin(1_000, [tracers]);
  expect(order).toEqual(['flush', 'provider: forceFlush']);
});

describe('removing a listener', () => {
  test('restores the provider', () => {
    const provider = new Provider();
    beforeProviderEnds(provider, listener)();
    expect(Reflect.ownKeys(provider)).toEqual([]);
  });

  test('restores its own methods', () => {
    const provider = { shutdown: async () => undefined };
    const { shutdown } = provider;
    beforeProviderEnds(provider, listener)();
    expect(provider.shutdown).toBe(shutdown);
  });

  test('keeps a method that another package has wrapped since', async () => {
    const provider = new Provider();
    const stop = beforeProviderEnds(provider, listener);
    const ours = provider.shutdown;
    provider.shutdown = () => ours.call(provider);
    const theirs = provider.shutdown;
    stop();
    expect(provider.shutdown).toBe(theirs);
    await provider.shutdown();
    expect(order).toEqual(['provider: shutdown']);
  });
});

describe('a provider that is followed', () => {
  const isFollowed = (provider: Provider): boolean => Reflect.ownKeys(provider).length > 0;

  test('still is after a few others, and calls its listener once', async () => {
    const followed = new FollowedProvider(listener);
    const [first, ...others] = Array.from({ length: 4 }, () => new Provider()) as [Provider, ...Provider[]];
    for (const each of [first, ...others, first, ...others, first]) followed.follow(each);
    await first.shutdown();
    await others[0]?.shutdown();
    expect(order).toEqual(['shutdown', 'provider: shutdown', 'shutdown', 'provider: shutdown']);
    followed.stop();
    expect([first, ...others].filter(isFollowed)).toEqual([]);
  });

  test('is no longer after many others', () => {
    const followed = new FollowedProvider(listener);
    const providers = Array.from({ length: 6 }, () => new Provider());
    for (const each of providers) followed.follow(each);
    expect(providers.map(isFollowed)).toEqual([false, false, true, true, true, true]);
  });
});

test('a provider without these methods is not changed', () => {
  const provider = {};
  beforeProviderEnds(provider, listener)();
  expect(provider).toEqual({});
});
