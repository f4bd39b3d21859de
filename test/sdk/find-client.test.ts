import OpenAI, * as namespace from 'openai';
import { AzureOpenAI } from 'openai';
import { expect, test } from 'vitest';
import { findClientPrototype, isClient } from '../../src/sdk/find-client.ts';

const settings = { apiKey: 'k', baseURL: 'http://127.0.0.1:9' };

class Subclass extends OpenAI {}

class OwnWay extends (OpenAI as unknown as new (options: object) => object) {
  makeRequest(): void {}
}

/** What openai 4 exports: the class owns nothing, `APIClient` in another module does. */
class APIClient {
  makeRequest(): void {}
}
class OpenAI4 extends APIClient {}

test.each<[string, unknown, object]>([
  ['a client', new OpenAI(settings), OpenAI.prototype],
  ['a client made from another', new OpenAI(settings).withOptions({}), OpenAI.prototype],
  ['a client for Azure', new AzureOpenAI({ ...settings, apiVersion: 'v' }), OpenAI.prototype],
  ['a client of a subclass', new Subclass(settings), OpenAI.prototype],
  ['a client with its own request method', new OwnWay(settings), OpenAI.prototype],
  ['the class', OpenAI, OpenAI.prototype],
  ['a subclass', Subclass, OpenAI.prototype],
  ['the class for Azure', AzureOpenAI, OpenAI.prototype],
  ['the namespace', namespace, OpenAI.prototype],
  ['a namespace with the class as its default', { default: OpenAI }, OpenAI.prototype],
  ['the class of openai 4', OpenAI4, APIClient.prototype],
  ['a client of openai 4', new OpenAI4(), APIClient.prototype],
  ['the module of openai 4 that has the class', { APIClient }, APIClient.prototype],
])('the prototype of all calls is found from %s', (_, target, prototype) => {
  expect(findClientPrototype(target)).toBe(prototype);
});

test.each([[null], [undefined], ['openai'], [5], [{}], [[]], [() => 1], [class {}], [{ OpenAI: {} }]])(
  'no prototype is found in %s',
  (target) => {
    expect(findClientPrototype(target)).toBeUndefined();
  },
);

test('a client is distinguished from a class and a namespace', () => {
  expect([new OpenAI(settings), OpenAI, namespace, null].map(isClient)).toEqual([true, false, false, false]);
});
