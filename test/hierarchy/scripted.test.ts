import { describe, expect, it } from 'vitest';
import { startBill } from '../support/bill.ts';
import { usageSum } from '../support/lanes/usage.ts';
import { type Program, startProgram } from '../support/program.ts';
import {
  costOf,
  documentedTree,
  PRICES,
  SCRIPTED,
  type ScriptedConversation,
  showTree,
  writesTrees,
} from '../support/scripted/index.ts';

/** What was recorded of the conversation, without what there was before it. */
async function converse({ prepare, script, steps }: ScriptedConversation, program: Program) {
  const surroundings = { client: program.client, memory: {}, apart: false };
  script(program.simulator);
  await prepare(surroundings);
  const recorded = program.telemetry.spans.length;
  for (const { run } of steps) await run(surroundings);
  await program.telemetry.provider.shutdown();
  return program.telemetry.spans.slice(recorded);
}

describe.each(SCRIPTED)('a conversation by $name', (conversation) => {
  it('is the tree in the document', async () => {
    const program = await startProgram({ config: { cost: true, prices: PRICES } });
    const tree = showTree(await converse(conversation, program));
    writesTrees(conversation.name, tree);
    expect(tree).toBe(documentedTree(conversation.name));
    expect(tree).not.toContain('\n\n');
  });

  it('spends what the API reports', async () => {
    const bill = startBill();
    const program = await startProgram({
      config: { cost: true, prices: PRICES },
      client: { fetch: bill.fetch },
    });
    const spans = await converse(conversation, program);
    const spent = await bill.total();
    const cost = costOf(await bill.items(), 'gpt-5');
    expect(cost).toBeGreaterThan(0);
    expect(usageSum(spans)).toEqual(spent);
    expect(
      spans.reduce((sum, { attributes }) => sum + Number(attributes['openai.cost'] ?? 0), 0),
    ).toBeCloseTo(cost, 9);
    expect(spans.find(({ parentSpanContext }) => parentSpanContext === undefined)?.attributes).toMatchObject({
      'openai.total.input_tokens': spent.input_tokens,
      'openai.total.output_tokens': spent.output_tokens,
      'openai.total.cost': expect.closeTo(cost, 9),
    });
    expect(await metricSums(program)).toEqual({
      'gen_ai.client.token.usage': spent.input_tokens + spent.output_tokens,
      'openai.client.cost': expect.closeTo(cost, 9),
    });
  });
});

async function metricSums({ telemetry }: Program): Promise<Record<string, number>> {
  const names = ['gen_ai.client.token.usage', 'openai.client.cost'];
  const metrics = (await telemetry.metrics()).filter(({ descriptor }) => names.includes(descriptor.name));
  return Object.fromEntries(
    metrics.map(({ descriptor, dataPoints }) => [
      descriptor.name,
      dataPoints.reduce((sum, { value }) => sum + ((value as { sum?: number }).sum ?? Number(value)), 0),
    ]),
  );
}
