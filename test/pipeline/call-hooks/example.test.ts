import { expect, test } from 'vitest';
import { codeBlocks, shownExample } from '../../support/example.ts';
import { startSession } from '../../support/session.ts';
import { example } from './example.ts';

test('docs/options.md shows the example', () => {
  expect(codeBlocks('docs/options.md')).toContain(shownExample('pipeline/call-hooks/example.ts'));
});

test('the example does what the document says', async () => {
  const instrumentation = example();
  instrumentation.disable();
  const session = await startSession({ config: instrumentation.getConfig() });
  await session.client.models.list();
  await session.client.files.list();
  expect(session.spans).toHaveLength(1);
  expect(session.spans[0]?.attributes).toMatchObject({
    'app.streamed': false,
    'app.path': '/files',
    'app.time': '5',
  });
  await session.simulator.close();
  await session.provider.shutdown();
});
