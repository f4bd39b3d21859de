import { describe, expect, test } from 'vitest';
import type { CaptureMessageContent, Hooks } from '../../src/client.ts';
import { AGENTS_SCENARIOS } from './agents-sdk.ts';
import { FAILING_SCENARIOS } from './failures.ts';
import { type Recorded, record } from './record.ts';
import { ROUTE_SCENARIOS } from './routes.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Kind } from './secrets.ts';
import { SOCKET_SCENARIOS } from './socket-scenarios.ts';
import type { Scenario, Stage } from './stage.ts';

const EVERYTHING: readonly Kind[] = ['content', 'credential'];
const EVERY_SCENARIO = [...SCENARIOS, ...SOCKET_SCENARIOS, ...FAILING_SCENARIOS, ...AGENTS_SCENARIOS];

/** What was recorded that should not have been: the signal, and the place where the secret stood. */
function leaks({ secrets, signals }: Recorded, kinds: readonly Kind[], where: RegExp = /./): string[] {
  return [...signals]
    .filter(([signal]) => where.test(signal))
    .flatMap(([signal, text]) => secrets.foundIn(text, kinds).map((place) => `${signal}: ${place}`));
}

function all(scenarios: readonly Scenario[]): (stage: Stage) => Promise<void> {
  return async (stage) => {
    for (const { run } of scenarios) await run(stage);
  };
}

test('the canary finds content that is recorded', async () => {
  const requestHook: Hooks['requestHook'] = (span, { body }) =>
    void span.setAttribute('app.body', JSON.stringify(body));
  const recorded = await record({ requestHook }, all(SCENARIOS.slice(0, 1)));
  expect(leaks(recorded, ['content'])).toContain('span chat gpt-4o-mini app.body: chat.messages[0].content');
});

describe('without consent, no content of requests or responses is recorded', () => {
  test.each([...SCENARIOS, ...SOCKET_SCENARIOS])('$name', async ({ run }) => {
    const recorded = await record({}, run);
    expect(recorded.secrets.places().length).toBeGreaterThan(10);
    expect(recorded.signals.size).toBeGreaterThan(5);
    expect(leaks(recorded, EVERYTHING)).toEqual([]);
  });

  test.each(FAILING_SCENARIOS)('$name', async ({ run }) => {
    const recorded = await record({}, run);
    expect(recorded.signals.get('tree')).toContain('✗');
    expect(leaks(recorded, EVERYTHING)).toEqual([]);
  });

  test.each(AGENTS_SCENARIOS)('$name', async ({ run }) => {
    const recorded = await record({}, run);
    expect(recorded.signals.get('tree')).toMatch(/invoke_workflow .*\n.*(?:invoke_agent|part)/);
    expect(leaks(recorded, EVERYTHING)).toEqual([]);
  });

  test('every endpoint', async () => {
    const recorded = await record({}, all(ROUTE_SCENARIOS));
    expect(recorded.signals.get('tree')?.split('\n').length).toBeGreaterThan(ROUTE_SCENARIOS.length);
    expect(leaks(recorded, EVERYTHING)).toEqual([]);
  });
});

const onSpan = (span: string, attribute: string): string => `span ${span} ${attribute}`;
const onEvent = (_: string, attribute: string): string =>
  `log gen_ai.client.inference.operation.details ${attribute}`;

/** Some content, and where it belongs once there is consent. */
const CONTENT = [
  ['chat', 'chat gpt-4o-mini', 'gen_ai.input.messages', 'chat.messages[0].content'],
  ['realtime session', 'chat gpt-realtime', 'gen_ai.input.messages', 'heard.transcript'],
  ...['agents, tracing true', 'agents, tracing false'].flatMap((agents) => [
    [agents, 'execute_tool look_up', 'gen_ai.tool.call.result', 'result of a tool'] as const,
    [agents, 'execute_tool read_file', 'gen_ai.tool.call.result', 'result of an MCP tool'] as const,
  ]),
] as const;

describe.each<[mode: CaptureMessageContent, closed: RegExp, signalsOf: (typeof onSpan)[]]>([
  ['SPAN_ONLY', /^(metrics|diag|log|sink)/, [onSpan]],
  ['EVENT_ONLY', /^(metrics|diag|span|tree)/, [onEvent]],
  ['SPAN_AND_EVENT', /^(metrics|diag)/, [onSpan, onEvent]],
])('with %s', (captureMessageContent, closed, signalsOf) => {
  test.each(EVERY_SCENARIO)('$name: content is on no other signals', async ({ run }) => {
    const recorded = await record({ captureMessageContent }, run);
    expect(leaks(recorded, EVERYTHING, closed)).toEqual([]);
    expect(leaks(recorded, ['credential'])).toEqual([]);
  });

  test.each(CONTENT)('%s: content is on the signals: %s %s', async (scenario, span, attribute, place) => {
    const run = EVERY_SCENARIO.find(({ name }) => name === scenario)?.run;
    const { secrets, signals } = await record({ captureMessageContent }, async (stage) => run?.(stage));
    for (const signalOf of signalsOf)
      expect(secrets.foundIn(signals.get(signalOf(span, attribute)) ?? '', ['content'])).toContain(place);
  });

  test('every endpoint', async () => {
    const recorded = await record({ captureMessageContent }, all(ROUTE_SCENARIOS));
    expect(leaks(recorded, EVERYTHING, closed)).toEqual([]);
    expect(leaks(recorded, ['credential'])).toEqual([]);
  });
});

test("with SPAN_ONLY, OpenAI's own spans have content", async () => {
  const run = SCENARIOS.find(({ name }) => name === "OpenAI's own trace of a turn")?.run;
  const { secrets, signals } = await record({ captureMessageContent: 'SPAN_ONLY' }, async (stage) =>
    run?.(stage),
  );
  const found = (attribute: string): string[] =>
    secrets.foundIn(signals.get(onSpan('agent turn', attribute)) ?? '', ['content']);
  expect(found('input')).toEqual(['input']);
  expect(found('tool.call.arguments')).toEqual(['arguments']);
  expect(found('note')).toEqual(['a long text']);
});

test('with EVENT_ONLY, a sink with the preset full receives content', async () => {
  const recorded = await record({ captureMessageContent: 'EVENT_ONLY' }, all(SCENARIOS.slice(0, 1)));
  const { secrets, signals } = recorded;
  const found = (signal: string): string[] => secrets.foundIn(signals.get(signal) ?? '', ['content']);
  expect(found('sink model.invoke inputMessages')).toContain('chat.messages[0].content');
  expect(found('sink model.invoke toolDefinitions')).toContain('chat.tools[0].function.description');
  expect(found('sink tool.call arguments')).toEqual([expect.stringContaining('function.arguments.term')]);
});

test('audio of a realtime session is never recorded, even with consent', async () => {
  const captureMessageContent = 'SPAN_AND_EVENT';
  const run = SOCKET_SCENARIOS.find(({ name }) => name === 'realtime session')?.run;
  const { secrets, signals } = await record({ captureMessageContent }, async (stage) => run?.(stage));
  const found = [...signals.values()].flatMap((text) => secrets.foundIn(text, ['content']));
  expect(found).toContain('heard.transcript');
  expect(found).not.toContain('base64');
});
