import { describe, expect, it } from 'vitest';
import type { StepSnapshot, ToolCallSnapshot } from '../../../src/hierarchy/dialect.ts';
import { Steps } from '../../../src/hierarchy/invocations/steps.ts';
import { OperationClock } from '../../../src/hierarchy/operation-clock.ts';
import { Keeper } from '../../../src/telemetry/content/kept-content.ts';

function step(id: string, createdAt: number, toolCalls: readonly ToolCallSnapshot[] = []): StepSnapshot {
  const seen = { id, createdAt, endedAt: createdAt, ended: true, toolCalls, callCount: toolCalls.length };
  return seen as unknown as StepSnapshot;
}

const clock = new OperationClock();
clock.learn(10_000, 10_200);

function orderOf(report: (steps: Steps) => void): string[] {
  const steps = new Steps({ deltas: false, keeper: () => undefined });
  report(steps);
  return steps.unrecorded.map(({ snapshot: { id } }) => id);
}

describe('steps in the same second', () => {
  it('are in the order in which they were seen', () => {
    const order = orderOf((steps) => {
      steps.see(step('streamed', 10_000), 10_250, clock);
      steps.see(step('read', 10_000), undefined, clock);
      steps.see(step('earlier', 9_000), undefined, clock);
    });
    expect(order).toEqual(['earlier', 'streamed', 'read']);
  });

  it('are in the order of a list, even after a stream reported the last of them', () => {
    const order = orderOf((steps) => {
      steps.see(step('second', 10_000), 10_250, clock);
      for (const listed of ['first', 'second']) steps.see(step(listed, 10_000), undefined, clock);
    });
    expect(order).toEqual(['first', 'second']);
  });
});

it('a search keeps its results if a later list does not include them', () => {
  const keeper = new Keeper({ text: 1_000, span: 10_000, answer: 100_000 });
  const steps = new Steps({ deltas: false, keeper: () => keeper });
  const found = (text: string[]): ToolCallSnapshot => ({
    id: 'call_1',
    type: 'file_search',
    name: 'file_search',
    imageCount: undefined,
    resultCount: 1,
    content: {
      arguments: undefined,
      result: undefined,
      query: 'x',
      documents: [{ id: 'file-1', ...(text.length > 0 && { content: text }) }],
    },
  });
  for (const text of [[], ['x = 1'], []]) steps.see(step('search', 10_000, [found(text)]), undefined, clock);
  expect(steps.toolCalls[0]?.snapshot.content?.documents).toEqual([{ id: 'file-1', content: ['x = 1'] }]);
});
