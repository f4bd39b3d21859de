import OpenAI from 'openai';
import { afterEach, expect, test } from 'vitest';
import { observerFor } from '../../src/pipeline/client-observers.ts';
import { Observer } from '../../src/pipeline/observer.ts';
import { findClientPrototype } from '../../src/sdk/find-client.ts';
import { Seam } from '../../src/sdk/seam.ts';
import { created, done, SESSION } from '../hierarchy/realtime/events.ts';
import { completionBody, functionCall, responseBody } from '../support/bodies.ts';
import { type Program, startProgram } from '../support/program.ts';
import { openRealtime } from '../support/realtime-socket.ts';

let remove: (() => void) | undefined;
afterEach(() => remove?.());

/** A client whose seam observes it by this observer alone. */
function observedClient({ simulator }: Program, observer: Observer): OpenAI {
  const client = new OpenAI({ apiKey: 'test', baseURL: simulator.url, maxRetries: 0 });
  const seam = Seam.of(findClientPrototype(client) ?? {});
  seam.addDefault(observer);
  seam.watchResources(client);
  remove = () => seam.removeDefault(observer);
  return client;
}

/** A loop of two tool calls, the first of which runs something of the test. */
async function runTwoTools({ simulator }: Program, client: OpenAI, inFirst: () => void): Promise<unknown> {
  const toolCalls = ['call_1', 'call_2'].map((id) => functionCall('look', '{}', id));
  simulator.next({ body: completionBody(toolCalls, { model: 'gpt-4o' }) });
  simulator.next({ body: completionBody('Done.', { model: 'gpt-4o' }) });
  let calls = 0;
  const look = async (): Promise<string> => {
    if (++calls === 1) inFirst();
    return 'nothing';
  };
  const parameters = { type: 'object', properties: {} };
  const runner = client.chat.completions.runTools({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'Look.' }],
    tools: [
      { type: 'function', function: { name: 'look', description: 'Looks.', parameters, function: look } },
    ],
  } as never);
  return [await runner.finalContent(), calls];
}

test('a loop during which the instrumentation is disabled continues without spans', async () => {
  const program = await startProgram();
  const observer = new Observer();
  const disable = (): void => {
    remove?.();
    observer.dispose();
  };
  const client = observedClient(program, observer);
  expect(await runTwoTools(program, client, disable)).toEqual(['Done.', 2]);
  const names = program.telemetry.spans.map(({ name }) => name);
  expect(names.toSorted()).toEqual(['chat gpt-4o', 'execute_tool look', 'invoke_workflow runTools']);
  expect(program.telemetry.openSpans).toEqual([]);
});

test('an instrumentation that is enabled again knows nothing of before: tests may mock the same ids', async () => {
  const program = await startProgram();
  const observer = new Observer();
  const { responses } = observedClient(program, observer);
  const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'look', arguments: '{}' };
  for (let made = 0; made < 2; made++) {
    program.simulator.next({ body: responseBody([call]) });
    program.simulator.next({ body: responseBody([], { id: 'resp_2' }) });
    await responses.create({ model: 'gpt-4o', input: 'Look.' });
    const output = { type: 'function_call_output' as const, call_id: 'call_1', output: 'nothing' };
    await responses.create({ model: 'gpt-4o', input: [output], previous_response_id: 'resp_1' });
    observer.dispose();
    observer.enable();
  }
  await program.expectTree(`
    chat gpt-4o           gen_ai.response.id=resp_1
    ├─ execute_tool look  gen_ai.tool.call.id=call_1
    └─ chat gpt-4o        gen_ai.response.id=resp_2

    chat gpt-4o           gen_ai.response.id=resp_1
    ├─ execute_tool look  gen_ai.tool.call.id=call_1
    └─ chat gpt-4o        gen_ai.response.id=resp_2
  `);
});

test('an instrumentation that is enabled again ends what is open when the provider shuts down', async () => {
  const program = await startProgram();
  const observer = new Observer();
  const client = observedClient(program, observer);
  await client.models.list();
  observer.dispose();
  observer.enable();
  await client.beta.threads.create();
  expect(program.telemetry.openSpans).toEqual(['thread']);
  await program.telemetry.provider.shutdown();
  expect(program.telemetry.openSpans).toEqual([]);
});

test('nothing of a loop is recorded if the instrumentation turns out to be switched off at its first call', async () => {
  const program = await startProgram();
  const client = observedClient(program, new Observer({}, () => false));
  expect(await runTwoTools(program, client, () => undefined)).toEqual(['Done.', 2]);
  expect([program.telemetry.spans, program.telemetry.openSpans]).toEqual([[], []]);
});

test('a socket that is open while the instrumentation is disabled begins no further session', async () => {
  const program = await startProgram();
  const { answer, say, socket, closed } = await openRealtime(program, { cost: false });
  await answer({ type: 'session.created', session: SESSION });
  const observer = observerFor({ cost: false });
  observer.dispose();
  const before = program.telemetry.spans.length;
  await say({ type: 'response.create' });
  await answer(created('resp_1'), done('resp_1', {}));
  socket.close();
  await closed();
  observer.enable();
  expect(before).toBe(1);
  expect(program.telemetry.spans).toHaveLength(before);
  expect(program.telemetry.openSpans).toEqual([]);
});
