import { diag } from '@opentelemetry/api';
import * as namespace from 'openai';
import OpenAI, { AzureOpenAI } from 'openai';
import { describe, expect, test } from 'vitest';
import { instrumentOpenAI } from '../../src/client.ts';
import { useSession } from '../support/use-session.ts';

const session = useSession();

function list(client: OpenAI): Promise<unknown> {
  return client.withOptions({ baseURL: session().simulator.url }).models.list();
}

// Nothing takes these back: from here on every client of the process is observed.
describe.each<[string, unknown]>([
  ['the class', OpenAI],
  ['a subclass', AzureOpenAI],
  ['the namespace of the module', namespace],
])('instrumenting %s', (_, target) => {
  test('returns the target, and observes every client once', async () => {
    expect(instrumentOpenAI(target)).toBe(target);
    expect(instrumentOpenAI(target)).toBe(target);
    await list(new OpenAI({ apiKey: 'k' }));
    await list(session().plain);
    expect(session().spans.map(({ name }) => name)).toEqual(['GET /models', 'GET /models']);
  });

  test('does not affect clients with their own settings', async () => {
    instrumentOpenAI(target);
    await list(instrumentOpenAI(new OpenAI({ apiKey: 'k' }), { apiSpans: 'none' }));
    await list(instrumentOpenAI(new OpenAI({ apiKey: 'k' }), { apiSpans: 'all' }));
    expect(session().spans).toHaveLength(1);
  });
});

test.each([[null], [undefined], ['openai'], [{}], [() => 1]])(
  '%s is returned unchanged, with a warning',
  (target) => {
    expect(instrumentOpenAI(target as unknown)).toBe(target);
    // Logged once, for the first of them.
    for (const warning of session().warnings.splice(0)) expect(warning).toContain('ignored its target');
  },
);

test('nothing is logged without a logger', () => {
  diag.disable();
  expect(() => instrumentOpenAI({})).not.toThrow();
});
