import { describe, expect, it } from 'vitest';
import { type CompletionHook, withConversation, withMetadata } from '../../src/client.ts';
import { type Program, startProgram } from '../support/program.ts';

const MODEL = 'gpt-4o-mini';
const TOOLS = [
  {
    type: 'function' as const,
    function: { name: 'get_weather', parameters: { type: 'object', properties: {} } },
  },
];

/** Keeps the history itself, as a program without `runTools` does. */
async function askWeather({ client }: Program): Promise<void> {
  const messages: Parameters<typeof client.chat.completions.create>[0]['messages'] = [
    { role: 'user', content: 'How is the weather?' },
  ];
  const asked = await client.chat.completions.create({ model: MODEL, messages, tools: TOOLS });
  const call = asked.choices[0]?.message.tool_calls?.[0];
  if (asked.choices[0] !== undefined) messages.push(asked.choices[0].message);
  messages.push({ role: 'tool', tool_call_id: call?.id ?? '', content: '{"sky":"blue"}' });
  await client.chat.completions.create({ model: MODEL, messages });
}

describe('withConversation', () => {
  it('puts calls that send their own history into one trace', async () => {
    const program = await startProgram();
    await withConversation('chat-1', () => askWeather(program));
    await program.telemetry.provider.shutdown();
    await program.expectTree(`
      conversation                 gen_ai.conversation.id=chat-1 openai.total.runs=2 openai.total.user_messages=1
      ├─ chat gpt-4o-mini          gen_ai.response.finish_reasons=["tool_calls"]
      ├─ execute_tool get_weather
      └─ chat gpt-4o-mini          gen_ai.response.finish_reasons=["stop"]
    `);
    expect(program.telemetry.spans.map(({ attributes }) => attributes['gen_ai.conversation.id'])).toEqual(
      Array(4).fill('chat-1'),
    );
  });

  it('puts tool calls below the call that asked for them if conversations have no span', async () => {
    const program = await startProgram({ config: { conversationSpans: 'never' } });
    await withMetadata({ userId: 'user-42' }, () => withConversation('chat-1', () => askWeather(program)));
    await program.expectTree(`
      chat gpt-4o-mini             gen_ai.conversation.id=chat-1 user.id=user-42
      └─ execute_tool get_weather  gen_ai.conversation.id=chat-1 user.id=user-42

      chat gpt-4o-mini             gen_ai.conversation.id=chat-1 user.id=user-42
    `);
  });

  it('marks calls below a span of the program, which already groups them', async () => {
    const program = await startProgram();
    await program.inSpan(() =>
      withConversation('chat-1', () =>
        program.client.chat.completions.create({
          model: MODEL,
          messages: [{ role: 'user', content: 'Hello' }],
        }),
      ),
    );
    await program.expectTree(`
      program
      └─ chat gpt-4o-mini  gen_ai.conversation.id=chat-1
    `);
  });

  it.each([false, true])(
    'counts an unfinished answer but not a rejected one, with content: %s',
    async (content) => {
      const program = await startProgram({
        content,
        config: { captureMessageContent: content ? 'SPAN_ONLY' : 'NO_CONTENT' },
      });
      const { completions } = program.client.chat;
      const hello = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hello' }] };
      program.simulator.next({ status: 400 });
      await withConversation('chat-1', async () => {
        await completions.create(hello).catch(() => undefined);
        for await (const _ of await completions.create({ ...hello, stream: true })) break;
      });
      await program.telemetry.provider.shutdown();
      await program.expectTree(`
      conversation          openai.total.runs=1 openai.total.user_messages=1
      ├─ chat gpt-4o-mini   !BadRequestError
      └─ chat gpt-4o-mini   openai.stream.end=cancelled
    `);
    },
  );

  it('records tool arguments and results on events, if content is allowed there only', async () => {
    const program = await startProgram({
      config: { captureMessageContent: 'EVENT_ONLY' },
      eventContent: true,
    });
    await withConversation('chat-1', () => askWeather(program));
    const [tool] = program.telemetry.logRecords.filter(
      ({ attributes }) => 'gen_ai.tool.call.id' in attributes,
    );
    expect(tool?.attributes['gen_ai.tool.call.arguments']).toEqual(expect.any(Object));
    expect(tool?.attributes['gen_ai.tool.call.result']).toEqual({ sky: 'blue' });
  });

  it('passes tool arguments and results to a completion hook, whatever is recorded', async () => {
    const seen: unknown[] = [];
    const completionHook: CompletionHook = ({ operation, toolArguments, toolResult }) => {
      if (operation['gen_ai.operation.name'] === 'execute_tool') seen.push([toolArguments, toolResult]);
    };
    const program = await startProgram({ config: { completionHook } });
    await withConversation('chat-1', () => askWeather(program));
    expect(seen).toEqual([[expect.any(Object), { sky: 'blue' }]]);
  });

  it('does not mark later calls', async () => {
    const program = await startProgram();
    const hello = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hello' }] };
    await withConversation('chat-1', () => program.client.chat.completions.create(hello));
    await program.client.chat.completions.create(hello);
    const last = program.telemetry.spans.at(-1);
    expect(last?.attributes['gen_ai.conversation.id']).toBeUndefined();
  });
});
