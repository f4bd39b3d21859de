import type OpenAI from 'openai';
import { withConversation, withMetadata } from '../../src/client.ts';
import { completionBody, functionCall, responseBody } from '../support/bodies.ts';
import type { Simulator } from '../support/simulator/index.ts';

export const MODEL = 'gpt-4o-mini';
const TOOLS = [{ type: 'function' as const, function: { name: 'get_balance', parameters: {} } }];

type InputItem = OpenAI.Responses.ResponseInputItem;
type Message = OpenAI.Chat.ChatCompletionMessageParam;

interface ToolCall {
  readonly id?: string;
  /** Its arguments, as the model writes them. */
  readonly given: string;
}

/** What the users do, over one API or one way of using it. */
export interface Users {
  /** A user's request that is answered with tool calls. */
  ask(user: string, calls: readonly ToolCall[]): Promise<unknown>;
  /** The request that brings their results. */
  answer(user: string, calls: readonly ToolCall[], ...results: string[]): Promise<unknown>;
}

export interface Dialect {
  readonly name: string;
  readonly of: (client: OpenAI, gateway: Simulator) => Users;
}

/** What comes before a call. */
interface Before<Step> {
  readonly said: (user: string) => string;
  readonly steps?: readonly Step[];
}

const ALIKE = { said: () => 'And?' };

export function items(calls: readonly ToolCall[]): OpenAI.Responses.ResponseFunctionToolCall[] {
  return calls.map(({ id = 'call_0', given }) => ({
    type: 'function_call',
    id: 'fc_0',
    call_id: id,
    name: 'get_balance',
    arguments: given,
  }));
}

export function outputs(calls: readonly ToolCall[], results: readonly string[]): InputItem[] {
  return results.map((output, index) => {
    return { type: 'function_call_output', call_id: calls[index]?.id ?? 'call_0', output };
  });
}

/** @param ids the response ids that the gateway gives, by user; the conversation is named where the program names it */
export function responses(
  name: string,
  idOf: (user: string) => string,
  request: (
    user: string,
    calls: readonly ToolCall[],
  ) => { input?: InputItem[]; first?: object; later?: object },
): Dialect {
  return {
    name,
    of: (client, gateway) => {
      const create = (user: string, body: object, output: readonly object[]): Promise<unknown> => {
        const conversation = 'conversation' in body ? { id: body.conversation } : null;
        gateway.next({ body: responseBody(output, { id: idOf(user), conversation }) });
        return withMetadata({ userId: user }, () => client.responses.create({ model: MODEL, ...body }));
      };
      return {
        ask: (user, calls) => create(user, { input: [], ...request(user, calls).first }, items(calls)),
        answer: (user, calls, ...results) => {
          const { input = [], later } = request(user, calls);
          return create(user, { ...later, input: [...input, ...outputs(calls, results)] }, []);
        },
      };
    },
  };
}

export function repeating(name: string, { said, steps = [] }: Before<InputItem> = ALIKE): Dialect {
  return responses(
    name,
    () => 'resp_0',
    (user, calls) => {
      const before: InputItem[] = [{ role: 'user', content: said(user) }, ...steps];
      // A question alone is a text.
      const first = { input: steps.length === 0 ? said(user) : before };
      return { first, input: [...before, ...items(calls)] };
    },
  );
}

/** @param within names the conversation of a user, or leaves it to the history which call is meant */
function histories(
  name: string,
  offered: object,
  within: <Result>(user: string, run: () => Result) => Result,
  { said, steps = [] }: Before<Message>,
): Dialect {
  return {
    name,
    of: (client, gateway) => {
      const before = (user: string): Message[] => [{ role: 'user', content: said(user) }, ...steps];
      const asking = (calls: readonly ToolCall[]) => ({
        role: 'assistant' as const,
        content: null,
        tool_calls: calls.map(({ id = 'call_0', given }) => functionCall('get_balance', given, id)),
      });
      const complete = (
        user: string,
        messages: Message[],
        answer: Parameters<typeof completionBody>[0],
      ): Promise<unknown> => {
        gateway.next({ body: completionBody(answer) });
        const create = () => client.chat.completions.create({ model: MODEL, messages, ...offered });
        return withMetadata({ userId: user }, () => within(user, create));
      };
      return {
        ask: (user, calls) => complete(user, before(user), asking(calls).tool_calls),
        answer: (user, calls, ...results) => {
          const tools = results.map((content, index): Message => {
            return { role: 'tool', tool_call_id: calls[index]?.id ?? 'call_0', content };
          });
          return complete(user, [...before(user), asking(calls), ...tools], 'Done.');
        },
      };
    },
  };
}

export const completions = (name: string, before: Before<Message> = ALIKE): Dialect =>
  histories(name, { tools: TOOLS }, (_, run) => run(), before);

export const inNamed = (name: string): Dialect =>
  histories(name, {}, (user, run) => withConversation(`chat-${user}`, run), ALIKE);
