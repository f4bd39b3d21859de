import { expect, test } from 'vitest';
import { codeBlocks, shownExample } from '../../support/example.ts';
import { startSession } from '../../support/session.ts';
import { example as deciding } from './consent-example.ts';
import { example as masking } from './masking-example.ts';
import { example as storing } from './store-example.ts';

const messages = [{ role: 'user' as const, content: 'Write to me@example.org' }];

test('docs/privacy.md shows the examples', () => {
  expect(codeBlocks('docs/privacy.md')).toEqual([
    shownExample('telemetry/content/consent-example.ts'),
    shownExample('telemetry/content/masking-example.ts'),
    shownExample('telemetry/content/store-example.ts'),
    shownExample('telemetry/content/upload-example.ts'),
  ]);
});

test('the example of consent records the content of one tenant, and masks that of a user', async () => {
  const { instrumentation, handle } = deciding();
  instrumentation.disable();
  const session = await startSession({ config: instrumentation.getConfig() });
  const ask = () => session.client.chat.completions.create({ model: 'gpt-4o-mini', messages });
  await handle('acme', 'ada', ask);
  await handle('acme', 'operator', ask);
  await handle('other', 'ada', ask);
  const inputs = session.spans.map(({ attributes }) => String(attributes['gen_ai.input.messages']));
  expect(inputs[0]).toContain('Write to [email]');
  expect(inputs[1]).toContain('Write to me@example.org');
  expect(inputs[2]).toBe('undefined');
  await session.verify();
});

test('the first example masks content as documented', async () => {
  const instrumentation = masking();
  instrumentation.disable();
  const session = await startSession({ config: instrumentation.getConfig() });
  await session.client.chat.completions.create({ model: 'gpt-4o-mini', messages });
  const [span] = session.spans;
  expect(span?.attributes['gen_ai.input.messages']).toContain('Write to [email]');
  expect(JSON.stringify(session.logRecords[0]?.attributes)).not.toContain('me@example.org');
  await session.verify();
});

test('the second example stores content, and refers to it', async () => {
  const { instrumentation, uploaded } = storing();
  instrumentation.disable();
  const session = await startSession({ config: instrumentation.getConfig() });
  await session.client.chat.completions.create({ model: 'gpt-4o-mini', messages });
  const reference = String(session.spans[0]?.attributes['gen_ai.input.messages_ref']);
  expect(uploaded.get(reference.replace('s3://bucket/content/', ''))).toContain('me@example.org');
  await session.verify();
});
