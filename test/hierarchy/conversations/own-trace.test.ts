import { trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { span, withConversation } from '../../../src/client.ts';
import { startProgram } from '../../support/program.ts';
import { startTutor } from '../../support/tutor.ts';

const CONFIG = { conversationSpans: 'trace' } as const;
const HELLO = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello' }] };

describe('with conversationSpans "trace"', () => {
  it('a thread is one trace, whatever spans of the program it is used below', async () => {
    const tutor = await startTutor({ runs: [{}, {}], config: CONFIG });
    const { client, assistantId, threadId, telemetry } = tutor;
    const { threads } = client.beta;
    const ask = async (): Promise<void> => {
      await threads.messages.create(threadId, { role: 'user', content: 'What is x?' });
      await threads.runs.createAndPoll(threadId, { assistant_id: assistantId }, { pollIntervalMs: 1 });
    };
    await tutor.inSpan(ask, 'first request');
    await tutor.inSpan(ask, 'second request');
    await telemetry.provider.shutdown();
    await tutor.expectTree(`
      thread
      ├─ POST /threads/{thread_id}/messages
      ├─ invoke_agent Math Tutor
      │  └─ chat gpt-4o-mini
      ├─ POST /threads/{thread_id}/messages
      └─ invoke_agent Math Tutor
         └─ chat gpt-4o-mini

      first request

      second request
    `);
    expect(tutor.linked('first request')).toEqual([['thread']]);
    expect(tutor.linked('second request')).toEqual([['thread']]);
  });

  it('so are Conversations with their responses, and those that the program names, but no other calls', async () => {
    const program = await startProgram({ config: CONFIG });
    const { client } = program;
    const { id } = await client.conversations.create();
    await program.inSpan(() =>
      client.responses.create({ model: 'gpt-4o-mini', input: 'x', conversation: id }),
    );
    await program.inSpan(async () => {
      const active = trace.getActiveSpan();
      await withConversation('chat-1', async () => {
        await client.chat.completions.create(HELLO);
        await span('own work', () => client.chat.completions.create(HELLO));
      });
      expect(trace.getActiveSpan()).toBe(active);
      await client.embeddings.create({ model: 'small', input: 'x' });
    }, 'web request');
    await program.expectTreeAtEnd(`
      conversation
      ├─ POST /conversations
      └─ chat gpt-4o-mini

      program

      web request
      ├─ own work
      └─ embeddings small

      conversation
      ├─ chat gpt-4o-mini
      └─ chat gpt-4o-mini
    `);
  });

  it('a loop of the SDK is in the trace of its calls', async () => {
    const program = await startProgram({ config: CONFIG });
    const { client } = program;
    const solve = { name: 'solve', description: 'Solves', parameters: {}, function: () => '2' };
    const tools = [{ type: 'function' as const, function: solve }];
    await program.inSpan(
      () => withConversation('chat-1', () => client.chat.completions.runTools({ ...HELLO, tools }).done()),
      'web request',
    );
    await program.expectTreeAtEnd(`
      web request

      conversation
      └─ invoke_workflow runTools
         ├─ chat gpt-4o-mini
         ├─ execute_tool solve
         └─ chat gpt-4o-mini
    `);
    expect(program.linked('web request')).toEqual([['conversation']]);
  });

  it('a span of the program links to eight conversations; further ones stay in its trace', async () => {
    const program = await startProgram({ config: CONFIG });
    await program.inSpan(async () => {
      for (let thread = 0; thread < 10; thread++)
        await withConversation(`chat-${thread % 9}`, () => program.client.chat.completions.create(HELLO));
    });
    await program.telemetry.provider.shutdown();
    expect(program.linked('program')).toEqual([Array(8).fill('conversation')]);
    const own = program.ended('program')[0]?.spanContext().traceId;
    const calls = program.ended('chat gpt-4o-mini');
    // The ninth has no link. The tenth continues with the first, which has one.
    expect(calls.map((call) => call.spanContext().traceId === own)).toEqual([
      ...Array(8).fill(false),
      true,
      false,
    ]);
  });
});
