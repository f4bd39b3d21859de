import { context } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { traced, withMetadata } from '../../src/client.ts';
import { MetadataSpanProcessor } from '../../src/index.ts';
import { codeBlocks, shownExample } from '../support/example.ts';
import { startProgram } from '../support/program.ts';
import { startTracedProgram } from './program.ts';
import { example } from './prompt-example.ts';

const TUTOR = { name: 'tutor', version: 3 };
const QUESTION = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'What is 2 + 2?' }] };
const STORED = { model: 'gpt-4o-mini', input: 'x', prompt: { id: 'pmpt_1' } };
const PRICES = { prices: { 'gpt-4o*': { input_mtok: 1, output_mtok: 1 } }, cost: true };

describe('the prompt of withMetadata', () => {
  test('is on every model call, run and function within, in the innermost form', async () => {
    const { client, expectTree } = await startTracedProgram();
    const grade = traced({ name: 'grade', prompt: { name: 'grader' } }, () =>
      client.chat.completions.create(QUESTION),
    );
    const hint = traced({ prompt: 'hint' }, () => client.embeddings.create({ model: 'e', input: 'x' }));
    await withMetadata({ prompt: TUTOR }, async () => {
      await client.chat.completions.create(QUESTION);
      await client.responses.create(STORED);
      await grade();
      await hint();
    });
    await expectTree(`
      chat gpt-4o-mini     gen_ai.prompt.name=tutor gen_ai.prompt.version="3"

      chat gpt-4o-mini     gen_ai.prompt.name=pmpt_1

      grade                gen_ai.prompt.name=grader
      └─ chat gpt-4o-mini  gen_ai.prompt.name=grader

      hint                 gen_ai.prompt.name=hint
      └─ embeddings e      gen_ai.prompt.name=tutor gen_ai.prompt.version="3"
    `);
  });

  test('leaves the prompt of a span alone if a processor adds metadata', async () => {
    const { client, telemetry } = await startTracedProgram();
    const attributes: Record<string, unknown>[] = [];
    const processor = new MetadataSpanProcessor();
    await withMetadata({ prompt: TUTOR, userId: 'ada' }, async () => {
      await client.responses.create(STORED);
      const started = { attributes: telemetry.spans.at(-1)?.attributes ?? {} };
      processor.onStart(
        { ...started, setAttributes: (added: Record<string, unknown>) => attributes.push(added) },
        context.active(),
      );
    });
    expect(attributes).toEqual([{ 'user.id': 'ada' }]);
  });
});

describe('the cost metric', () => {
  const startPriced = (costByPrompt: boolean) =>
    startProgram({ config: { ...PRICES, costByPrompt }, mayLog: costByPrompt });

  test.each([
    [true, ['tutor', 'pmpt_1', undefined], ['3', '2', undefined]],
    [false, [undefined], [undefined]],
  ])('has the prompt if asked for: %s', async (costByPrompt, names, versions) => {
    const { client, points } = await startPriced(costByPrompt);
    await withMetadata({ prompt: TUTOR }, () => client.chat.completions.create(QUESTION));
    await client.responses.create({ ...STORED, prompt: { id: 'pmpt_1', version: '2' } });
    await client.chat.completions.create(QUESTION);
    const cost = (await points('openai.client.cost')).map(({ attributes }) => attributes);
    expect(new Set(cost.map((each) => each['gen_ai.prompt.name']))).toEqual(new Set(names));
    expect(new Set(cost.map((each) => each['gen_ai.prompt.version']))).toEqual(new Set(versions));
    expect(JSON.stringify(await points('gen_ai.client.operation.duration'))).not.toContain('prompt.name');
  });

  test('has a limited number of prompts', async () => {
    const { client, points } = await startPriced(true);
    for (let prompt = 0; prompt < 120; prompt++)
      await withMetadata({ prompt: { name: `invented ${prompt}` } }, () =>
        client.chat.completions.create(QUESTION),
      );
    const names = (await points('openai.client.cost')).map(
      ({ attributes }) => attributes['gen_ai.prompt.name'],
    );
    expect(names).toHaveLength(101);
    expect(names).toContain('_OTHER');
  });
});

test('docs/your-code.md shows how to link a prompt of Langfuse', async () => {
  expect(codeBlocks('docs/your-code.md')).toContain(shownExample('helpers/prompt-example.ts'));
  const { client, telemetry } = await startProgram();
  const { answer, langfusePrompts } = example();
  await answer(client, TUTOR, 'x');
  const added: Record<string, unknown> = {};
  const { attributes } = telemetry.spans[0] ?? {};
  langfusePrompts.onStart(
    { attributes, setAttribute: (name: string, value: unknown) => (added[name] = value) } as never,
    context.active(),
  );
  expect(added).toEqual({
    'langfuse.observation.prompt.name': 'tutor',
    'langfuse.observation.prompt.version': 3,
  });
});
