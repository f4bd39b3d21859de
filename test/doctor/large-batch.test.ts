import { describe, expect, test } from 'vitest';
import type { OpenAIInstrumentationConfig } from '../../src/client.ts';
import { resolveSettings } from '../../src/config/config.ts';
import { doctor } from '../../src/doctor/index.ts';
import { describeLargeBatch } from '../../src/doctor/large-batch.ts';
import { startTracedProgram } from '../helpers/program.ts';

const INLINE = { captureMessageContent: 'SPAN_ONLY', media: 'inline' } as const;

describe('a batch of full spans', () => {
  const warned = (config: OpenAIInstrumentationConfig, size?: string | undefined): string[] =>
    describeLargeBatch(
      resolveSettings(config, () => undefined, {}),
      { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: size },
    ).map(({ message }) => / batch of \d+ spans /.exec(message)?.[0] ?? message);

  test.each<[what: string, config: OpenAIInstrumentationConfig, size?: string | undefined, batch?: string]>([
    ['media on spans', INLINE, undefined, '512'],
    ['media on spans, of a size that is set', INLINE, ' 2 ', '2'],
    ['much text', { captureMessageContent: true, maxSpanContentLength: 500_000 }, '9', '9'],
    ['much text, few spans', { captureMessageContent: true, maxSpanContentLength: 500_000 }, '8'],
    ['one span at a time', INLINE, '1'],
    ['the default length', { captureMessageContent: true }],
    ['no content', { media: 'inline', maxSpanContentLength: 500_000 }],
  ])('%s', (_, config, size, batch) => {
    expect(warned(config, size)).toEqual(batch === undefined ? [] : [` batch of ${batch} spans `]);
  });
});

test('doctor() warns of it in a program', async () => {
  await startTracedProgram(INLINE, { content: true, mayLog: true });
  expect(doctor()).toContainEqual(expect.objectContaining({ code: 'batch_too_large', severity: 'warning' }));
});
