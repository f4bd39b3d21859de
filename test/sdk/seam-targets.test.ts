import { expect, test } from 'vitest';
import { instrumentOpenAI } from '../../src/client.ts';
import { collectWarnings } from '../support/warnings.ts';

/** It is logged once, so that this has to be a file of its own. */
test('what is no target is returned unchanged, with one warning', () => {
  const warnings = collectWarnings();
  for (const target of [null, undefined, 'openai', {}, () => 1])
    expect(instrumentOpenAI(target)).toBe(target);
  expect(warnings).toEqual([expect.stringContaining('ignored its target')]);
});
