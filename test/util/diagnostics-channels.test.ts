import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test, vi } from 'vitest';
import { listenToChannels } from '../../src/util/diagnostics-channels.ts';

type Listener = (message: unknown) => void;

/** @param Realm the constructor of the functions of Node's modules */
function heardBy(Realm: FunctionConstructor): Listener[] {
  const listeners: Listener[] = [];
  const subscribe = new Realm('hear', 'return (_, listener) => hear(listener)');
  const unsubscribe = (_: string, listener: Listener): void =>
    void listeners.splice(listeners.indexOf(listener), 1);
  const channels = { subscribe: subscribe((listener: Listener) => listeners.push(listener)), unsubscribe };
  const found = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(channels as never);
  onTestFinished(() => found.mockRestore());
  return listeners;
}

test('channels are listened to until that is stopped', async () => {
  const listeners = heardBy(Function);
  const stop = listenToChannels(['one', 'two'], 'listening', () => undefined);
  expect(listeners).toHaveLength(2);
  stop();
  await Promise.resolve();
  expect(listeners).toEqual([]);
});

test('a listener that stops leaves after the message', async () => {
  const listeners = heardBy(Function);
  const heard: unknown[] = [];
  const stop = listenToChannels(['one', 'two'], 'listening', (message) => {
    heard.push(message);
    stop();
  });
  const subscribed = [...listeners];
  expect(subscribed).toHaveLength(2);
  for (const [index, listener] of subscribed.entries()) listener(index);
  expect(heard).toEqual([0]);
  // Node 20.0 fails the request whose listener leaves at once.
  expect(listeners).toHaveLength(2);
  await Promise.resolve();
  expect(listeners).toEqual([]);
});

test('a sandbox, such as that of Jest, does not listen: it could never be collected', () => {
  const listeners = heardBy(runInNewContext('Function'));
  listenToChannels(['one', 'two'], 'listening', () => undefined)();
  expect(listeners).toEqual([]);
});
