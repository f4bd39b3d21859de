import { describe, expect, it } from 'vitest';
import { library } from './library.ts';
import { calling, newFatalTool, newHelper, newTool, startAgents } from './program.ts';

const { withTrace } = library;

const failing = newTool('fail', () => {
  throw new Error('a secret of the tool');
});
const fatal = newFatalTool(new Error('a secret of the tool'));
const echo = newTool('echo', () => 'a secret result');

/** Everything that is recorded, as text. */
async function recordedBy(options: {
  readonly content: boolean;
  readonly sensitive: boolean;
  /** Whether the program gets the error of the tool. */
  readonly fatal?: boolean;
  readonly tracing?: boolean;
}): Promise<string> {
  const { newRunner, telemetry, answer } = await startAgents({
    content: options.content,
    tracing: options.tracing !== false,
    config: options.content ? { captureMessageContent: 'SPAN_AND_EVENT' } : {},
  });
  answer([calling('echo', { word: 'a secret argument' }), calling('fail', { word: 'another' })], 'Done.');
  const runner = newRunner({ traceIncludeSensitiveData: options.sensitive });
  const fail = options.fatal === true ? fatal : failing;
  const run = runner.run(newHelper(echo, fail), 'Hi');
  if (options.fatal === true) await expect(run).rejects.toThrow('secret of the tool');
  else await run;
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

  it('is not recorded if the library keeps it to itself', async () => {
    const recorded = await recordedBy({ content: true, sensitive: false });
    expect(recorded).not.toMatch(/secret (argument|result|of)/);
  });

  it.each([{ tracing: true }, { tracing: false }])(
    'is not recorded with the error of a tool that ends the run: $tracing',
    async (options) => {
      const fatally = { content: true, fatal: true, ...options };
      expect(await recordedBy({ ...fatally, sensitive: true })).toMatch(
        /invoke_workflow.*secret of the tool/,
      );
      expect(await recordedBy({ ...fatally, sensitive: false })).not.toMatch(/secret (argument|result|of)/);
    },
  );

  it.each([{ outer: false }, { outer: true }])(
    'is not recorded with the error of a tool where a runner does not trace: $outer',
    async ({ outer }) => {
      const { newRunner, telemetry, expectTree, answer } = await startAgents({
        content: true,
        config: { captureMessageContent: 'SPAN_AND_EVENT' },
      });
      answer([calling('fail')]);
      const runner = newRunner({ tracingDisabled: true, traceIncludeSensitiveData: false });
      const agent = newHelper(fatal);
      const run = (): Promise<unknown> => runner.run(agent, 'Hi');
      await expect(outer ? withTrace('Chat', run) : run()).rejects.toThrow('secret of the tool');
      await expectTree(`
      invoke_workflow ${outer ? 'Chat' : 'Agent workflow'}    !ToolCallError
      └─ invoke_agent Helper    !_OTHER
         └─ chat gpt-4o
    `);
      expect(JSON.stringify(telemetry.spans.map(({ status, events }) => [status, events]))).not.toContain(
        'secret',
      );
    },
  );
});
