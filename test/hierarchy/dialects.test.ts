import { describe, expect, it } from 'vitest';
import type { Dialect, Intent } from '../../src/hierarchy/dialect.ts';
import { agents } from '../../src/hierarchy/dialects/agents.ts';
import { assistants } from '../../src/hierarchy/dialects/assistants.ts';
import { matchRoute } from '../../src/sdk/routes/index.ts';
import { recordFacts } from '../support/recording-sink.ts';

const RUN = {
  id: 'run_1',
  object: 'thread.run',
  thread_id: 'thread_1',
  assistant_id: 'asst_1',
  status: 'requires_action',
  created_at: 1_763_600_000,
  required_action: {
    submit_tool_outputs: {
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_x', arguments: '{}' } }],
    },
  },
};

/** What a request intends, apart from what it brings. */
function intentOf(dialect: Dialect, line: string, body: unknown = {}): Partial<Intent> {
  const [method = '', path = ''] = line.split(' ');
  const request = { ...matchRoute(method, path), method, body, query: undefined };
  const { messages, outputs, ...intent } = dialect.intent(
    { ...request, streamed: false, deployment: undefined },
    false,
  );
  return {
    ...intent,
    ...(messages.length > 0 && { messages }),
    ...(outputs.length > 0 && { outputs }),
  };
}

const QUESTION = { role: 'user', content: 'What is x?' };

describe('what a request of the Assistants API intends', () => {
  it.each([
    ['POST /threads', 'creates', 'none'],
    ['POST /threads/runs', 'creates', 'starts'],
    ['POST /threads/thread_1/runs', 'changes', 'starts'],
    ['GET /threads/thread_1/runs/run_1', 'reads', 'drives'],
    ['POST /threads/thread_1/runs/run_1/cancel', 'reads', 'drives'],
    ['GET /threads/thread_1/runs/run_1/steps', 'reads', 'lists'],
    ['POST /threads/thread_1/messages', 'changes', 'none'],
    ['DELETE /threads/thread_1', 'deletes', 'none'],
    ['POST /assistants', 'none', 'none'],
  ])('%s: %s the conversation, %s an invocation', (line, conversation, invocation) => {
    expect(intentOf(assistants, line)).toMatchObject({ conversation, invocation });
  });

  it('says what the server accepts only while the run is in progress', () => {
    const run = '/threads/thread_1/runs/run_1';
    const lines = [`GET ${run}`, `POST ${run}`, `POST ${run}/cancel`, `POST ${run}/submit_tool_outputs`];
    const needs = lines.map((line) => intentOf(assistants, line).needsOpenInvocation);
    expect(needs).toEqual([false, false, true, true]);
  });

  it('has the user messages that it brings, without content where none is recorded', () => {
    expect(
      intentOf(assistants, 'POST /threads', { messages: [QUESTION, { role: 'assistant' }] }).messages,
    ).toEqual([undefined]);
  });

  it('has the outputs of tools', () => {
    const body = { tool_outputs: [{ tool_call_id: 'call_1', output: 'secret' }, {}] };
    const line = 'POST /threads/thread_1/runs/run_1/submit_tool_outputs';
    expect(intentOf(assistants, line, body).outputs).toEqual([
      { invocationId: undefined, callId: 'call_1', output: undefined, failure: undefined },
    ]);
  });
});

describe('what a request of the Agents API intends', () => {
  it.each([
    ['POST /agents/sessions', {}, 'creates', 'none'],
    ['POST /agents/sessions', { input: 'What is x?' }, 'creates', 'starts'],
    ['GET /agents/sessions', {}, 'none', 'none'],
    ['GET /agents/sessions/sess_1', {}, 'reads', 'drives'],
    ['GET /agents/sessions/sess_1/events', {}, 'reads', 'drives'],
    ['DELETE /agents/sessions/sess_1', {}, 'deletes', 'none'],
  ])('%s %j: %s the conversation, %s an invocation', (line, body, conversation, invocation) => {
    expect(intentOf(agents, line, body)).toMatchObject({ conversation, invocation });
  });
});

describe('what an object of the Assistants API reports', () => {
  it('is an invocation for a run', () => {
    const sink = recordFacts();
    assistants.read(RUN, sink);
    expect(sink.facts).toEqual([
      ['invocation', { object: RUN, snapshot: expect.objectContaining({ id: 'run_1', phase: 'waiting' }) }],
    ]);
  });

  it('is nothing for a run that nobody records', () => {
    const sink = recordFacts({ wants: 'nothing' });
    assistants.read(RUN, sink);
    expect(sink.facts).toEqual([]);
  });

  it('is the order of the steps for a list of them, and then each step', () => {
    const step = (id: string): object => ({
      id,
      object: 'thread.run.step',
      run_id: 'run_1',
      type: 'tool_calls',
    });
    const sink = recordFacts();
    assistants.read({ object: 'list', data: [step('step_2'), step('step_1')] }, sink);
    expect(sink.facts.map(([name, value]) => [name, (value as { id?: string }).id ?? value])).toEqual([
      ['order', 'run_1'],
      ['step', 'step_1'],
      ['step', 'step_2'],
    ]);
    expect(sink.facts[0]).toEqual(['order', 'run_1', ['step_1', 'step_2'], false]);
  });

  it('is a piece of text for a delta', () => {
    const sink = recordFacts();
    assistants.readEvent({ event: 'thread.message.delta', data: { id: 'msg_1' } }, sink);
    expect(sink.facts).toEqual([['text', undefined, 'msg_1']]);
  });
});

describe('what an event of the Agents API reports', () => {
  it('is nothing about an item whose turn is not known', () => {
    const item = { id: 'item_1', type: 'web_search_call', turn_id: 'turn_1' };
    const sink = recordFacts({ wants: 'nothing' });
    agents.readEvent({ type: 'agent.session.turn.item.done', item }, sink);
    expect(sink.facts).toEqual([]);
  });

  it('is the state of the conversation', () => {
    const session = { id: 'sess_1', object: 'agent.session', status: 'idle' };
    const sink = recordFacts();
    agents.readEvent({ type: 'agent.session.idle', session }, sink);
    expect(sink.facts).toEqual([['conversation', expect.objectContaining({ id: 'sess_1', state: 'idle' })]]);
  });
});
