import type { Invocation } from './invocation.ts';
import type { ConversationKind } from './model.ts';

/** The key of an id. Servers choose ids, so the same one may stand for something else elsewhere. No origin has a space in it. */
export function keyAt(origin: string, id: string): string {
  return `${origin} ${id}`;
}

/** `withConversation` names a conversation for every endpoint. */
export function conversationKey(kind: ConversationKind, id: string, origin: string): string {
  return kind === 'conversation' ? id : `${kind} ${origin} ${id}`;
}

/** Whether two ids of conversations can be the same one: also where either is not named. */
export function isSame(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}

/** Whether an invocation can be one of the conversation: of any where no conversation is named, or it has none yet. */
export function isOf(invocation: Invocation, conversationId: string | undefined): boolean {
  if (conversationId === undefined) return true;
  const told = invocation.snapshot?.conversationId;
  if (told === conversationId) return true;
  const named = invocation.conversation?.id;
  return named === conversationId || (told === undefined && named === undefined);
}
