import { SamplingDecision, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, it } from 'vitest';
import { ConsoleTreeExporter, consoleTree, viewing } from '../../src/export.ts';

it('leaves out views whose condition is not met', () => {
  const view = consoleTree();
  expect(viewing(false, undefined, null, view)).toEqual([view]);
  expect(viewing('' as unknown as false)).toEqual([]);
  expect(viewing(new ConsoleTreeExporter() as unknown as false)).toEqual([]);
  expect(viewing([view, false] as unknown as false)).toEqual([view]);
});

it('leaves out spans that a sampler has recorded, but not exported, as exporters do', async () => {
  const written: string[] = [];
  const shouldSample = (_: unknown, __: string, name: string): { decision: SamplingDecision } => ({
    decision: name === 'kept' ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.RECORD,
  });
  const provider = new TracerProvider({
    sampler: { shouldSample },
    spanProcessors: [consoleTree({ stream: { write: (text) => written.push(text) } })],
  });
  for (const name of ['kept', 'left out']) provider.getTracer('test').startSpan(name).end();
  await provider.shutdown();
  expect(written.join('')).toContain('kept');
  expect(written.join('')).not.toContain('left out');
});
