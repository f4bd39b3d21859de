import OpenAI, { AzureOpenAI } from 'openai';
import { expect, test } from 'vitest';
import { errorClassName, learnErrorClassNames } from '../../src/util/error-class-names.ts';

test('the errors of a client are known by the names of its static members, also for a subclass', () => {
  const client = new AzureOpenAI({ apiKey: 'test', endpoint: 'http://127.0.0.1:1', apiVersion: '1' });
  learnErrorClassNames(client);
  expect(errorClassName(OpenAI.RateLimitError)).toBe('RateLimitError');
  expect(errorClassName(TypeError)).toBeUndefined();
});

test('no accessor of a client class runs', () => {
  class Client {}
  const OtherError = class extends Error {};
  const get = (): never => {
    throw new Error('read');
  };
  Object.defineProperties(Client, { SomeError: { get }, OtherError: { value: OtherError } });
  learnErrorClassNames(new Client());
  expect(errorClassName(OtherError)).toBe('OtherError');
});
