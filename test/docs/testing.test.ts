import { expect, test } from 'vitest';
import { flush } from '../../src/client.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { startTutor } from '../support/tutor.ts';
import { codeBlocksOf } from './documents.ts';

const [EXAMPLE] = codeBlocksOf('docs/testing.md');

test('the example holds after a run with a tool call', async () => {
  const steps = [{ tools: [{ codeInterpreter: { input: '1' } }] }, { message: 'x is 1' }];
  const { client, telemetry, assistantId, threadId } = await startTutor({ runs: [{ steps }] });
  const recorded = telemetry.spans.length;
  const run = await client.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistantId });
  expect(run.status).toBe('completed');
  const names = {
    flush,
    assertSpanTree,
    exporter: { getFinishedSpans: () => telemetry.spans.slice(recorded) },
  };
  const code = EXAMPLE?.code.replaceAll(/^import .*$/gm, '');
  const runExample = new Function(...Object.keys(names), `return (async () => {${code}})();`);
  await runExample(...Object.values(names));
  expect(code).toContain('invoke_agent');
});
