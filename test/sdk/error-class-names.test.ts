import OpenAI, { AzureOpenAI } from 'openai';
import { expect, test } from 'vitest';
import { errorClassName, learnErrorClassNames } from '../../src/sdk/error-class-names.ts';

test('the errors of a client are known by the names of its static members, also for a subclass', () => {
  const client = new AzureOpenAI({ apiKey: 'test', endpoint: 'http://127.0.0.1:1', apiVersion: '1' });
  learnErrorClassNames(client);
  expect(errorClassName(OpenAI.RateLimitError)).toBe('RateLimitError');
  expect(errorClassName(TypeError)).toBeUndefined();
});

test('a subclass of a client gives no other names to errors', () => {
  class Renaming extends OpenAI {
    static readonly QuotaError = OpenAI.RateLimitError;
    static readonly GeneralError = Error;
  }
  learnErrorClassNames(new Renaming({ apiKey: 'test' }));
  expect(errorClassName(OpenAI.RateLimitError)).toBe('RateLimitError');
  expect(errorClassName(Error)).toBeUndefined();
});

test('no accessor of a client class runs', () => {
  class Client {}
  const OpenAIError = class extends Error {};
  const OtherError = class extends OpenAIError {};
  const get = (): never => {
    throw new Error('read');
  };
  const members = {
    SomeError: { get },
    OpenAIError: { value: OpenAIError },
    OtherError: { value: OtherError },
  };
  Object.defineProperties(Client, members);
  learnErrorClassNames(new Client());
  expect(errorClassName(OtherError)).toBe('OtherError');
});
