import { expect, test } from 'vitest';
import { codeBlocks, shownExample } from '../../support/example.ts';
import { startSession } from '../../support/session.ts';
import { example } from './example.ts';

test('docs/events.md shows the example', () => {
  expect(codeBlocks('docs/events.md')).toEqual([shownExample('telemetry/events/example.ts')]);
});

test('the example adds up the spent tokens and costs', async () => {
  const { instrumentation, spent } = example();
  instrumentation.disable();
  const prices = { 'gpt-4o-mini*': { input_mtok: 1, output_mtok: 1 } };
  const session = await startSession({ config: { ...instrumentation.getConfig(), cost: true, prices } });
  const messages = [{ role: 'user' as const, content: 'Hello?' }];
  const { usage } = await session.client.chat.completions.create({ model: 'gpt-4o-mini', messages });
  expect(spent.get('gpt-4o-mini')).toBeCloseTo((usage?.total_tokens ?? 0) / 1e6, 10);
  await session.verify();
});
