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
  readonly sensitive: boolean;
  /** Whether the program gets the error of the tool. */
  readonly fatal?: boolean;
  readonly tracing?: boolean;
}): Promise<string> {
  const { newRunner, telemetry, answer } = await startAgents({
    content: true,
    tracing: options.tracing !== false,
    config: { captureMessageContent: 'SPAN_AND_EVENT' },
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
  it.each<[what: string, Parameters<typeof recordedBy>[0], shown: readonly string[]]>([
    ['is recorded with consent', { sensitive: true }, ['argument', 'result', 'datum']],
    ['is not recorded if the library keeps it to itself', { sensitive: false }, ['datum']],
    ...[true, false].flatMap((tracing): [string, Parameters<typeof recordedBy>[0], string[]][] => {
      const fatally = { fatal: true, tracing };
      const what = `with the error of a tool that ends the run, tracing ${tracing}`;
      return [
        [`is recorded ${what}`, { ...fatally, sensitive: true }, ['argument', 'result', 'datum', 'of']],
        [`is not recorded ${what}`, { ...fatally, sensitive: false }, ['datum']],
      ];
    }),
  ])('%s', async (_, options, shown) => {
    const recorded = await recordedBy(options);
    const found = ['argument', 'result', 'datum', 'of'].filter((word) => recorded.includes(`secret ${word}`));
    expect(found).toEqual(shown);
  });

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
