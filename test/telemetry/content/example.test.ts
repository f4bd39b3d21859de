import { expect, test } from 'vitest';
import { ask } from '../../support/ask.ts';
import { codeBlocks, shownExample } from '../../support/example.ts';
import type { Session } from '../../support/session.ts';
import { recordedText } from '../../support/telemetry.ts';
import { openSession } from '../../support/use-session.ts';
import { example as deciding } from './consent-example.ts';
import { example as masking } from './masking-example.ts';
import { example as storing } from './store-example.ts';

const SAID = 'Write to me@example.org';

function startWith(instrumentation: ReturnType<typeof masking>): Promise<Session> {
  instrumentation.disable();
  return openSession({ config: instrumentation.getConfig() });
}

test('docs/privacy.md shows the examples', () => {
  const names = ['consent', 'masking', 'store', 'upload'];
  expect(codeBlocks('docs/privacy.md')).toEqual(
    names.map((name) => shownExample(`telemetry/content/${name}-example.ts`)),
  );
});

test('the example of consent records the content of one tenant, and masks that of a user', async () => {
  const { instrumentation, handle } = deciding();
  const { client, spans } = await startWith(instrumentation);
  const send = () => ask(client, SAID);
  await handle('acme', 'ada', send);
  await handle('acme', 'operator', send);
  await handle('other', 'ada', send);
  const inputs = spans.map(({ attributes }) => String(attributes['gen_ai.input.messages']));
  expect(inputs[0]).toContain('Write to [email]');
  expect(inputs[1]).toContain(SAID);
  expect(inputs[2]).toBe('undefined');
});

test('the example of masking masks content as documented', async () => {
  const session = await startWith(masking());
  await ask(session.client, SAID);
  expect(session.spans[0]?.attributes['gen_ai.input.messages']).toContain('Write to [email]');
  expect(recordedText(session)).not.toContain('me@example.org');
});

test('the example of a store stores content, and refers to it', async () => {
  const { instrumentation, uploaded } = storing();
  const { client, spans } = await startWith(instrumentation);
  await ask(client, SAID);
  const reference = String(spans[0]?.attributes['gen_ai.input.messages_ref']);
  const stored = uploaded.get(reference.replace('s3://bucket/content/', ''));
  expect(new TextDecoder().decode(stored)).toContain('me@example.org');
});
