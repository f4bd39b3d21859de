import { describe, expect, it } from 'vitest';
import { library } from './library.ts';
import { calling, newTool, startAgents } from './program.ts';

const { Agent } = library;

const failing = newTool('fail', () => {
  throw new Error('a secret of the tool');
});
const echo = newTool('echo', () => 'a secret result');

/** Everything that is recorded, as text. */
async function recordedBy(options: {
  readonly content: boolean;
  readonly sensitive: boolean;
}): Promise<string> {
  const { newRunner, simulator, telemetry } = await startAgents({
    content: options.content,
    config: options.content ? { captureMessageContent: 'SPAN_AND_EVENT' } : {},
  });
  simulator.respond(
    { output: [calling('echo', { word: 'a secret argument' }), calling('fail', { word: 'another' })] },
    { output: [{ message: 'Done.' }] },
  );
  const runner = newRunner({ traceIncludeSensitiveData: options.sensitive });
  await runner.run(new Agent({ name: 'Helper', model: 'gpt-4o', tools: [echo, failing] }), 'Hi');
  await library.withTrace('Custom', () =>
    library.withCustomSpan(async () => undefined, {
      data: { name: 'part', data: { key: 'a secret datum' } },
    }),
  );
  const own = telemetry.spans.filter(({ name }) => !name.startsWith('chat'));
  const records = telemetry.logRecords.filter(
    ({ attributes }) => attributes['gen_ai.operation.name'] !== 'chat',
  );
  return JSON.stringify([
    own.map(({ name, attributes, events, status }) => [name, attributes, events, status]),
    records.map(({ attributes, body }) => [attributes, body]),
  ]);
}

describe('the content of agents', () => {
  it('is recorded with consent', async () => {
    const recorded = await recordedBy({ content: true, sensitive: true });
    expect(recorded).toContain('a secret argument');
    expect(recorded).toContain('a secret result');
    expect(recorded).toContain('a secret datum');
  });

  it('is not recorded without it', async () => {
    expect(await recordedBy({ content: false, sensitive: true })).not.toContain('secret');
  });

  it('is not recorded where the library keeps it to itself', async () => {
    const recorded = await recordedBy({ content: true, sensitive: false });
    expect(recorded).not.toMatch(/secret (argument|result|of)/);
  });
});
