import { ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { type Adoption, readAdoption } from '../../src/hierarchy/responses.ts';
import { Call } from '../../src/sdk/call.ts';

const CREATED = 1_700_000_000;
const RESPONSE = { id: 'resp_1', object: 'response', status: 'completed', background: true };

/** What is adopted of a response that is fetched when the server's clock says `seconds`. */
function adopt(response: unknown, seconds: number | undefined): Adoption | undefined {
  const call = new Call({}, { start: () => undefined }, ROOT_CONTEXT);
  call.endTime = 5_000_000;
  const date = seconds === undefined ? 'unknown' : new Date(seconds * 1e3).toUTCString();
  call.headers = new Headers({ date });
  return readAdoption(call, undefined, response);
}

describe('a background response that another process created', () => {
  test('has the age that the server reports, whatever the clock of the server', () => {
    const response = { ...RESPONSE, created_at: CREATED };
    expect(adopt(response, CREATED + 7)?.startTime).toBe(5_000_000 - 7_000);
    expect(adopt(response, CREATED - 7)?.startTime).toBe(5_000_000);
    expect(adopt(response, undefined)?.startTime).toBe(5_000_000);
    expect(adopt(RESPONSE, CREATED)?.startTime).toBe(5_000_000);
  });

  test('has the request parameters that the response repeats, and no defaults', () => {
    const { request } = adopt({ ...RESPONSE, model: 'gpt-4o', service_tier: 'default' }, CREATED) ?? {};
    expect(request?.route.endpoint).toBe('POST /responses');
    expect(request?.body).toEqual({ ...RESPONSE, model: 'gpt-4o' });
  });
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['a foreground response', { ...RESPONSE, background: false }],
  ['one without an id', { ...RESPONSE, id: undefined }],
  ['one without a status', { ...RESPONSE, status: undefined }],
  ['something else', { ...RESPONSE, object: 'other' }],
])('%s is not adopted', (_, response) => {
  expect(adopt(response, CREATED)).toBeUndefined();
});
