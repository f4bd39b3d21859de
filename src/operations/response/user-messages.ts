import { arrayField, field } from '../../util/payload.ts';
import { readResponseToolCall } from './items.ts';

/**
 * The number of user messages that a request for a response adds: those after the last item that the model made.
 * Programs that keep the history repeat the others.
 */
export function countNewMessages(body: unknown): number {
  if (typeof field(body, 'input') === 'string') return 1;
  return countOfUser(unanswered(arrayField(body, 'input')));
}

/**
 * The number of user messages that a request puts into a Conversation.
 *
 * @param stored whether it stores what other requests of the conversation have asked, along with the answers
 */
export function countPutMessages(body: unknown, stored: boolean): number {
  const items = arrayField(body, 'items');
  return countOfUser(stored ? unanswered(items) : items);
}

/** The items after the last one that the model made. */
function unanswered(items: readonly unknown[]): readonly unknown[] {
  return items.slice(items.findLastIndex(isOfModel) + 1);
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
