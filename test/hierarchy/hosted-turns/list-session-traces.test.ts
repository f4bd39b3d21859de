import { expect, it } from 'vitest';
import { maskingHook, recordSessionTraces } from '../../../src/client.ts';
import { startAgentProgram } from '../../support/agent-program.ts';

const LISTED = { method: 'GET', path: /\/traces/ } as const;

/** The number of traces that each request asked for. */
function limitsOf(
  requests: readonly { readonly method: string; readonly path: string }[],
): (string | null)[] {
  return requests
    .filter(({ path }) => path.includes('/traces'))
    .map(({ path }) => new URL(path, 'http://localhost').searchParams.get('limit'));
}

it('lists the traces of all turns, page by page', async () => {
  const turns = Array.from({ length: 6 }, (_, index) => ({ hosted: [{ name: `turn ${index}` }] }));
  const program = await startAgentProgram(turns);
  await program.inSpan(async () => {
    const id = await program.converse();
    for (let count = 1; count < 6; count++) await program.stream(id, 'And y?');
    expect(await recordSessionTraces(program.client, id)).toBe(6);
  });
  await program.telemetry.provider.forceFlush();
  const parents = program.ended('hosted turn').map(({ parentSpanContext }) => parentSpanContext?.spanId);
  expect(parents).toEqual(program.ended('invoke_agent').map((span) => span.spanContext().spanId));
  expect(program.ended('turn').map(({ name }) => name)).toEqual(turns.map((_, index) => `turn ${index}`));
});

it('asks for one trace at a time if the API refuses a larger page', async () => {
  const program = await startAgentProgram([{ hosted: [{ name: 'one' }] }]);
  const { simulator, client } = program;
  const id = await program.converse();
  simulator.next({ when: LISTED, status: 413, body: { error: { message: 'Too large.' } } });
  expect(await recordSessionTraces(client, id)).toBe(1);
  expect(limitsOf(simulator.requests)).toEqual(['4', '1']);
  expect(await program.flushed('one')).toHaveLength(1);
});

it('never rejects, and logs what failed', async () => {
  const program = await startAgentProgram([], { mayLog: true });
  const { simulator, client, warnings } = program;
  simulator.next({ when: LISTED, status: 403, body: { error: { message: 'Export is not enabled.' } } });
  expect(await recordSessionTraces(client, 'sess_1')).toBe(0);
  expect(warnings.splice(0).join()).toContain('listing the traces of a session failed');
  expect(await recordSessionTraces({}, 'sess_1')).toBe(0);
});

it('ends if a server repeats a page', async () => {
  const program = await startAgentProgram([]);
  const data = [{ object: 'agent.session.trace', id: 'turn_1', session_id: 'sess_1', otlp: {} }];
  const body = { object: 'list', data, has_more: true };
  for (let times = 0; times < 9; times++) program.simulator.next({ when: LISTED, body });
  expect(await recordSessionTraces(program.client, 'sess_1')).toBe(1);
  expect(limitsOf(program.simulator.requests)).toHaveLength(2);
});

it('content of the spans is masked, and cut to the limits of all content', async () => {
  const text = `My mail is ada@example.com. ${'So it is. '.repeat(50)}`;
  const hosted = [{ name: 'tool', error: text, attributes: { input: text, output: { text } } }];
  const config = {
    captureMessageContent: 'SPAN_ONLY',
    completionHook: maskingHook(),
    maxContentLength: 100,
  } as const;
  const program = await startAgentProgram([{ hosted }], { config });
  const id = await program.converse();
  await recordSessionTraces(program.client, id);
  const [tool] = await program.flushed('tool');
  expect(tool?.attributes.input).toMatch(/^My mail is \[email\]\. [So its. ]{70,80}…$/);
  expect(tool?.attributes.output).toMatch(/^\{"text":"My mail is \[email\]\. [So its. ]+…$/);
  expect(tool?.status.message).toMatch(/^My mail is \[email\]\. [So its. ]{70,80}$/);
});

it('without a sampled turn, nothing is recorded of its trace', async () => {
  const never = { shouldSample: () => ({ decision: 0 }), toString: () => 'never' };
  const program = await startAgentProgram([{ hosted: [{ name: 'one' }] }], { sampler: never });
  const id = await program.converse();
  expect(await recordSessionTraces(program.client, id)).toBe(1);
  expect(program.telemetry.spans).toEqual([]);
});
