import type { HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { recordApiUsage } from '../support/api-usage.ts';
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
  it('is the tree in the document, and spends what the API reports', async () => {
    const apiUsage = recordApiUsage();
    const program = await startProgram({
      config: { cost: true, prices: PRICES },
      client: { fetch: apiUsage.fetch },
    });
    const spans = await converse(conversation, program);
    const tree = showTree(spans);
    writesTrees(conversation.name, tree);
    expect(tree).toBe(documentedTree(conversation.name));
    expect(tree).not.toContain('\n\n');
    const spent = await apiUsage.total();
    const cost = costOf(await apiUsage.items(), 'gpt-5');
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

  it.each(['below a span', 'without one'])(
    'has spans that follow each other by microseconds %s',
    async (where) => {
      const program = await startProgram();
      const run = () => converse(conversation, program);
      const spans = await (where === 'below a span' ? program.inSpan(run) : run());
      expect(spans.length).toBeGreaterThan(10);
      expect(startingAtOnce(spans)).toEqual([]);
      const withoutDuration = spans.filter(
        (span) => microseconds(span.endTime) - microseconds(span.startTime) < 1,
      );
      expect(withoutDuration.map(({ name }) => name)).toEqual([]);
    },
  );
});

function microseconds([seconds, nanoseconds]: HrTime): number {
  return seconds * 1e6 + Math.floor(nanoseconds / 1e3);
}

/** Spans that start in the same microsecond as the span above them, or as another one there: viewers have no order for them. */
function startingAtOnce(spans: readonly ReadableSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const seen = new Map<string, string>();
  return spans.flatMap(({ name, startTime, parentSpanContext }) => {
    const above = byId.get(parentSpanContext?.spanId ?? '');
    const time = microseconds(startTime);
    const key = `${parentSpanContext?.spanId} ${time}`;
    const other = seen.get(key);
    seen.set(key, name);
    if (above !== undefined && microseconds(above.startTime) >= time) return [`${above.name} > ${name}`];
    return other === undefined || parentSpanContext === undefined ? [] : [`${other}, ${name}`];
  });
}

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
