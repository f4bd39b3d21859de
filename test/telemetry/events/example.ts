import { OpenAIInstrumentation, type SinkEvent } from '../../../src/index.ts';

const spent = new Map<string, number>();

function sink(event: SinkEvent): void {
  if (event.type !== 'cost.record') return;
  const model = event.model ?? 'unknown';
  spent.set(model, (spent.get(model) ?? 0) + event.cost);
}

const instrumentation = new OpenAIInstrumentation({ events: { sink, preset: 'minimal' } });

// The example of docs/events.md ends here.
export function example(): { instrumentation: OpenAIInstrumentation; spent: ReadonlyMap<string, number> } {
  return { instrumentation, spent };
}
