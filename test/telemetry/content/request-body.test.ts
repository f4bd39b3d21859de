import { expect, test } from 'vitest';
import { restOfRequest } from '../../../src/telemetry/content/consent.ts';
import { maskingHook } from '../../../src/telemetry/masking/hook.ts';
import { startProgram } from '../../support/program.ts';

const BODY = {
  model: 'gpt-4o',
  messages: [],
  tool_choice: 'auto',
  user: 'user-42',
  prompt_cache_key: 'user-42',
  metadata: { team: 'billing' },
  data_sources: [{ parameters: { authentication: { key: 'secret' } } }],
  api_key: 'secret',
  azure_ad_token: 'secret',
};

test('the rest of a request has neither credentials nor what names a person', () => {
  expect(restOfRequest(BODY, true)).toEqual({ model: 'gpt-4o', tool_choice: 'auto' });
});

test('what names a person is there if the program names it, and credentials never are', () => {
  expect(restOfRequest(BODY, ['user', 'api_key'])).toEqual({
    model: 'gpt-4o',
    tool_choice: 'auto',
    user: 'user-42',
  });
});

test('keys are left out at any depth, and a schema keeps its properties', () => {
  const schema = { properties: { password: { type: 'string' } } };
  const fallbacks = [{ model: 'claude', api_key: 'secret' }];
  const extra_body = { extra: { headers: { Authorization: 'Bearer secret' } } };
  expect(restOfRequest({ response_format: { schema }, fallbacks, extra_body }, true)).toEqual({
    response_format: { schema },
    fallbacks: [{ model: 'claude', api_key: 'REDACTED' }],
    extra_body: { extra: { headers: { Authorization: 'REDACTED' } } },
  });
});

test('texts are searched for keys, and no getter is called', () => {
  const extra = {
    note: 'use sk-hidden',
    get lazy() {
      throw new Error('called');
    },
  };
  expect(restOfRequest({ extra }, true)).toEqual({ extra: { note: 'use sk-REDACTED', lazy: undefined } });
});

test('a huge request is not copied whole', () => {
  const rest = restOfRequest({ extra: Array.from({ length: 1e6 }, () => ({})) }, true);
  expect(rest).toEqual({ extra: [...Array.from({ length: 9_998 }, () => ({})), '…'] });
});

test('without the option there is none', () => {
  expect(restOfRequest(BODY, false)).toBeUndefined();
});

test('it is JSON on the span and a structured value on the event, as the registry says', async () => {
  const config = { captureMessageContent: 'SPAN_AND_EVENT', recordRequest: true } as const;
  const { client, telemetry } = await startProgram({ config, content: true });
  const messages = [{ role: 'user' as const, content: 'What is x?' }];
  await client.chat.completions.create({ model: 'gpt-4o', messages, tool_choice: 'none' });
  const [onSpan, onEvent] = [telemetry.spans, telemetry.logRecords].map(
    ([recorded]) => recorded?.attributes['openai.request.body'],
  );
  expect(onEvent).toEqual({ model: 'gpt-4o', tool_choice: 'none' });
  expect(JSON.parse(String(onSpan))).toEqual(onEvent);
});

test('it is masked like other content', async () => {
  const config = {
    captureMessageContent: 'SPAN_ONLY',
    recordRequest: ['user'],
    completionHook: maskingHook(),
  } as const;
  const { client, telemetry } = await startProgram({ config, content: true });
  await client.chat.completions.create({ model: 'gpt-4o', messages: [], user: 'ada@example.org' });
  expect(JSON.parse(String(telemetry.spans[0]?.attributes['openai.request.body']))).toMatchObject({
    user: '[email]',
  });
});
