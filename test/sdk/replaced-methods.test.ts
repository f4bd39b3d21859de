import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CallObserver } from '../../src/sdk/call.ts';
import { Seam } from '../../src/sdk/seam.ts';

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
});

/** What can be awaited, and no more. */
function thenable(value: unknown): unknown {
  // biome-ignore lint/suspicious/noThenProperty: what is tested
  return { then: (done: (value: unknown) => void) => void done(value) };
}

const RESPONSE = { status: 200, headers: new Headers() };
const PROPS = { response: RESPONSE };

interface Replaced {
  fetch?: () => unknown;
  make?: () => unknown;
  parse?: () => unknown;
}

/** A client whose methods the program has replaced before it is observed, and how its calls ended. */
function startClient({ fetch, make, parse }: Replaced, parsesItself: boolean) {
  class Client {
    request(options: object) {
      const responsePromise = this.makeRequest(options) as Promise<unknown>;
      return parsesItself
        ? { responsePromise }
        : { responsePromise, parseResponse: (props: unknown) => this.parse(props) };
    }
    makeRequest(_: object): unknown {
      return make === undefined ? this.send() : make();
    }
    async send(): Promise<unknown> {
      return { ...PROPS, response: await this.fetchWithTimeout() };
    }
    fetchWithTimeout(): unknown {
      return fetch === undefined ? Promise.resolve(RESPONSE) : fetch();
    }
    parse(_: unknown): unknown {
      return parse === undefined ? Promise.resolve('value') : parse();
    }
    parseResponseWithTimeout(_: object, props: unknown): unknown {
      return this.parse(props);
    }
  }
  const calls: unknown[] = [];
  const observer: CallObserver = {
    start: (call) => ({
      context: call.context,
      settle: ({ outcome, status, attempts }) => void calls.push([outcome, status, attempts.all.length]),
    }),
  };
  if (!parsesItself) Reflect.deleteProperty(Client.prototype, 'parseResponseWithTimeout');
  const client = new Client();
  Seam.of(Client.prototype).observeClient(client, observer);
  const ask = async (): Promise<unknown> => {
    const { responsePromise, parseResponse } = client.request({});
    const props = await responsePromise;
    return parsesItself ? client.parseResponseWithTimeout(client, props) : parseResponse?.(props);
  };
  return { ask, calls, client };
}

describe.each([true, false])(
  'a method without a promise, in a client that parses itself: %s',
  (parsesItself) => {
    test.each<[string, Replaced, value: unknown]>([
      ['a response', { fetch: () => RESPONSE }, 'value'],
      ['a response that can be awaited', { fetch: () => thenable(RESPONSE) }, 'value'],
      ['a result', { parse: () => 'own' }, 'own'],
      ['a result that can be awaited', { parse: () => thenable('own') }, 'own'],
    ])('may return %s', async (_, replaced, value) => {
      const { ask, calls } = startClient(replaced, parsesItself);
      expect(await ask()).toBe(value);
      expect(calls).toEqual([['value', 200, 1]]);
    });

    test('may return a value that makes the SDK fail, with the same error', () => {
      const { client, calls } = startClient({ make: () => PROPS }, parsesItself);
      expect(client.request({}).responsePromise).toBe(PROPS);
      expect(calls).toEqual([['abandoned', undefined, 0]]);
    });
  },
);
