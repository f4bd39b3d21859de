import type OpenAI from 'openai';
import { withConversation } from '../../../src/client.ts';
import { by, type Memory, recall, type ScriptedConversation, type Surroundings } from './conversation.ts';

type Message = OpenAI.Chat.ChatCompletionMessageParam;
type Tool = OpenAI.Chat.ChatCompletionFunctionTool;

const ID = 'chat-1';
const AS_EVER = { when: { path: '/chat/completions' } };

/** Over chat completions, whose history the program keeps itself. */
export const histories: ScriptedConversation = {
  name: 'Chat completions',
  script: (simulator) => {
    for (let answered = 0; answered < 6; answered++) simulator.next(AS_EVER);
    const error = { message: 'Too much was said.', code: 'rate_limit_exceeded', type: 'tokens', param: null };
    simulator.next({ ...AS_EVER, status: 429, headers: { 'x-should-retry': 'false' }, body: { error } });
    simulator.next({ ...AS_EVER, holdAfter: 2 });
  },
  async prepare({ memory }) {
    memory.conversation = ID;
    memory.history = '[]';
  },
  steps: [
    by('creator', ask('How is the weather, and what time is it?', { tools: ['get_weather', 'get_time'] })),
    by('answerer', answer),
    by('creator', ask('What is twice the tariff?', { model: 'gpt-4o', tools: ['get_tariff'] })),
    by('answerer', answer),
    by('creator', ask('Mail it to a.', { tools: ['send_mail'] })),
    by('answerer', answer),
    by('creator', (program) => ask('Say it all again.')(program).catch(() => forget(program))),
    by('creator', leaveEarly('Tell me a story.')),
  ],
};

interface Parameters {
  readonly model?: string;
  readonly tools?: readonly string[];
}

function ask(content: string, parameters: Parameters = {}): (program: Surroundings) => Promise<void> {
  return (program) => {
    remember(program.memory, { role: 'user', content });
    return complete(program, parameters);
  };
}

/** What the program was asked for stands at the end of the history. */
function answer(program: Surroundings): Promise<void> {
  const asked = historyOf(program.memory).at(-1);
  const calls = asked?.role === 'assistant' ? (asked.tool_calls ?? []) : [];
  for (const { id } of calls) remember(program.memory, { role: 'tool', tool_call_id: id, content: 'done' });
  return complete(program);
}

function complete({ client, memory }: Surroundings, parameters: Parameters = {}): Promise<void> {
  const { model = 'gpt-4o-mini', tools = [] } = parameters;
  return withConversation(ID, async () => {
    const completion = await client.chat.completions.create({
      model,
      messages: historyOf(memory),
      ...(tools.length > 0 && { tools: tools.map(toolNamed), parallel_tool_calls: true }),
    });
    const message = completion.choices[0]?.message;
    if (message !== undefined) remember(memory, message);
  });
}

/** The user goes away while the answer is streamed. */
function leaveEarly(content: string): (program: Surroundings) => Promise<void> {
  return ({ client, memory }) => {
    remember(memory, { role: 'user', content });
    return withConversation(ID, async () => {
      const messages = historyOf(memory);
      const stream = await client.chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true });
      for await (const _ of stream) break;
    });
  };
}

function toolNamed(name: string): Tool {
  return { type: 'function', function: { name, parameters: { type: 'object', properties: {} } } };
}

function historyOf(memory: Memory): Message[] {
  return JSON.parse(recall(memory, 'history'));
}

function remember(memory: Memory, message: Message): void {
  memory.history = JSON.stringify([...historyOf(memory), message]);
}

/** What was not answered is no part of the history. */
function forget({ memory }: Surroundings): void {
  memory.history = JSON.stringify(historyOf(memory).slice(0, -1));
}
