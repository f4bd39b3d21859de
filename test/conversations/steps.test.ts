import { describe, expect, it } from 'vitest';
import type { StepSnapshot } from '../../src/conversations/model.ts';
import { Steps } from '../../src/conversations/steps.ts';
import { ServerClock } from '../../src/conversations/timing.ts';

function step(id: string, createdAt: number): StepSnapshot {
  return {
    id,
    invocationId: 'run_1',
    type: 'tool_calls',
    status: 'completed',
    ended: true,
    createdAt,
    endedAt: createdAt,
    usage: undefined,
    failure: undefined,
    messageId: undefined,
    toolCalls: [],
  };
}

const clock = ServerClock.reading(10_000, 10_200);

function orderOf(tell: (steps: Steps) => void): string[] {
  const steps = new Steps({ content: false, deltas: false });
  tell(steps);
  return steps.all.map(({ snapshot: { id } }) => id);
}

describe('steps of one second', () => {
  it('are in the order in which they came to light', () => {
    const order = orderOf((steps) => {
      steps.see(step('streamed', 10_000), 10_250, clock);
      steps.see(step('read', 10_000), undefined, clock);
      steps.see(step('earlier', 9_000), undefined, clock);
    });
    expect(order).toEqual(['earlier', 'streamed', 'read']);
  });

  it('are in the order of a list, also where a stream has told the last of them before', () => {
    const order = orderOf((steps) => {
      steps.see(step('second', 10_000), 10_250, clock);
      steps.seeOrder(['first', 'second']);
      steps.see(step('first', 10_000), undefined, clock);
    });
    expect(order).toEqual(['first', 'second']);
  });
});
