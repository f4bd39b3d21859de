import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test, vi } from 'vitest';
import { listenToChannels } from '../../src/util/diagnostics-channels.ts';

/** @param Realm the constructor of the functions of Node's modules */
function heardBy(Realm: FunctionConstructor): unknown[] {
  const listeners: unknown[] = [];
  const subscribe = new Realm('hear', 'return (_, listener) => hear(listener)');
  const unsubscribe = (_: string, listener: unknown): void =>
    void listeners.splice(listeners.indexOf(listener), 1);
  const channels = { subscribe: subscribe((listener: unknown) => listeners.push(listener)), unsubscribe };
  const found = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(channels as never);
  onTestFinished(() => found.mockRestore());
  return listeners;
}

test('channels are listened to until that is stopped', () => {
  const listeners = heardBy(Function);
  const stop = listenToChannels(['one', 'two'], 'listening', () => undefined);
  expect(listeners).toHaveLength(2);
  stop();
  expect(listeners).toEqual([]);
});

test('a sandbox, such as that of Jest, does not listen: it could never be collected', () => {
  const listeners = heardBy(runInNewContext('Function'));
  listenToChannels(['one', 'two'], 'listening', () => undefined)();
  expect(listeners).toEqual([]);
});
