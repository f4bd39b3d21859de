import fc, { type Arbitrary } from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { resolveSettings } from '../../src/config/config.ts';
import { contentLimits, limitedJson, writeContent } from '../../src/telemetry/content/content-writer.ts';
import { hostileValue, mutated, mutation } from './mutations.ts';
import { PROGRAMS } from './programs.ts';
import { READERS } from './readers.ts';
import { make, type Recipe } from './recipe.ts';
import { recordPrograms } from './recordings.ts';
import { runs, SEED } from './runs.ts';

/** All that programs send and get, to begin with. */
let payloads: readonly Recipe[];
beforeAll(async () => {
  const answers = [...(await recordPrograms()).values()].flat();
  payloads = [
    ...PROGRAMS.map(({ body }) => body),
    ...answers.flatMap(({ parts }) => parts.map(({ data }) => data)),
  ];
});

/** A payload with changes that only a program can make, too: fields that throw, values that are no JSON. */
function hostilePayload(): Arbitrary<Recipe> {
  const changed = fc
    .record({ payload: fc.constantFrom(...payloads), mutations: fc.array(mutation(true), { maxLength: 4 }) })
    .map(({ payload, mutations }) => mutated(payload, mutations));
  return fc.oneof({ weight: 4, arbitrary: changed }, { weight: 1, arbitrary: hostileValue(true) });
}

test('reading never throws, whatever the SDK passes in', () => {
  const property = fc.property(fc.constantFrom(...READERS), hostilePayload(), ({ read }, recipe) => {
    read(make(recipe));
  });
  fc.assert(property, { numRuns: runs(10_000), seed: SEED });
  expect({}).not.toHaveProperty('polluted');
});

test('any value is recorded as JSON within its limit', () => {
  const limit = fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 5_000 }));
  const property = fc.property(hostilePayload(), limit, limit, (recipe, maxText, maxLength) => {
    const written = limitedJson(make(recipe), maxLength, { maxText });
    if (written === undefined) return;
    JSON.parse(written);
    expect(written.length).toBeLessThanOrEqual(maxLength);
  });
  fc.assert(property, { numRuns: runs(2_000), seed: SEED });
});

test('any messages are recorded as JSON within the limits of text and span', () => {
  const property = fc.property(
    fc.array(hostilePayload(), { maxLength: 3 }),
    fc.nat({ max: 300 }),
    fc.nat({ max: 5_000 }),
    (recipes, maxContentLength, maxSpanContentLength) => {
      const settings = resolveSettings({ maxContentLength, maxSpanContentLength }, () => undefined);
      const parts = recipes.map(
        (recipe) => ({ type: 'tool_call_response', id: 'call_1', response: make(recipe) }) as const,
      );
      const messages = [
        { role: 'tool', parts },
        { role: 'user', parts: [] },
      ];
      const attributes = writeContent(contentLimits(settings), {
        inputMessages: messages,
        systemInstructions: parts,
        documents: recipes.map(make),
        toolArguments: make(recipes[0]),
      });
      const written = Object.values(attributes).map(String);
      for (const json of written) JSON.parse(json);
      expect(written.join('').length).toBeLessThanOrEqual(settings.maxSpanContentLength);
    },
  );
  fc.assert(property, { numRuns: runs(2_000), seed: SEED });
});
