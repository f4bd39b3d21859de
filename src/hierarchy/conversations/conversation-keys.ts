import type { Invocation } from '../invocations/invocation.ts';
import type { ConversationKind } from '../model.ts';

interface MadeKey {
  readonly kind: string;
  readonly origin: string;
  readonly id: string;
  readonly key: string;
}

/** Those of a conversation and an invocation, of two calls at a time. */
const MAX_MADE_KEYS = 4;
/** The newest keys. A call looks up the same few again and again, and a map has to hash each new text. */
const made: MadeKey[] = [];
let oldest = 0;

/** The key of an id. Servers choose ids, so the same one may stand for something else elsewhere. No origin has a space in it. */
export function keyAt(origin: string, id: string): string {
  return findKey('', origin, id) ?? remember({ kind: '', origin, id, key: `${origin} ${id}` });
}

/** `withConversation` names a conversation for every endpoint. */
export function conversationKey(kind: ConversationKind, id: string, origin: string): string {
  if (kind === 'conversation') return id;
  return findKey(kind, origin, id) ?? remember({ kind, origin, id, key: `${kind} ${origin} ${id}` });
}

function findKey(kind: string, origin: string, id: string): string | undefined {
  for (let index = 0; index < made.length; index++) {
    const one = made[index] as MadeKey;
    if (one.id === id && one.kind === kind && one.origin === origin) return one.key;
  }
  return undefined;
}

function remember(one: MadeKey): string {
  made[oldest] = one;
  oldest = (oldest + 1) % MAX_MADE_KEYS;
  return one.key;
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
