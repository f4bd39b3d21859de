import { arrayField, field } from '../../util/payload.ts';
import { readResponseToolCall } from './items.ts';

/**
 * The number of user messages that a request for a response adds: those after the last item that the model made.
 * Programs that keep the history repeat the others.
 */
export function countNewMessages(body: unknown): number {
  if (typeof field(body, 'input') === 'string') return 1;
  const input = arrayField(body, 'input');
  return countOfUser(input.slice(input.findLastIndex(isOfModel) + 1));
}

/**
 * The number of user messages that a request puts into a Conversation.
 *
 * @param stored whether it stores what other requests of the conversation have asked, along with the answers
 */
export function countPutMessages(body: unknown, stored: boolean): number {
  const items = arrayField(body, 'items');
  return stored ? countNewMessages({ input: items }) : countOfUser(items);
}

function countOfUser(items: readonly unknown[]): number {
  return items.filter((item) => field(item, 'role') === 'user').length;
}

function isOfModel(item: unknown): boolean {
  const type = field(item, 'type');
  return (
    field(item, 'role') === 'assistant' ||
    type === 'reasoning' ||
    type === 'compaction' ||
    readResponseToolCall(item) !== undefined
  );
}
