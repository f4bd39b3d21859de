import { page } from './pages.ts';
import { json, missing } from './reply.ts';
import { inputItems } from './response-items.ts';
import { type Call, type Route, routeTable } from './router.ts';
import type { ConversationRecord, World } from './world.ts';

interface Body {
  readonly items?: unknown;
  readonly metadata?: object;
}

/** Conversations and their items; responses that name a conversation add to it. */
export function conversationRoutes(world: World): readonly Route[] {
  const recordOf = (call: Call): ConversationRecord => world.conversation(call.parameter('conversation_id'));
  return routeTable({
    'POST /conversations': ({ body }) => json(createConversation(world, body as Body | null).object),
    'DELETE /conversations/{conversation_id}': (call) => {
      const { id } = recordOf(call).object;
      world.conversations.delete(id);
      return json({ id, object: 'conversation.deleted', deleted: true });
    },
    'POST /conversations/{conversation_id}/items': (call) => {
      const { items } = (call.body ?? {}) as Body;
      if (items === undefined) throw missing('items');
      const added = inputItems(items, world.identifiers);
      recordOf(call).items.push(...added);
      return json(page(added, new URLSearchParams({ order: 'asc' })));
    },
    'GET /conversations/{conversation_id}/items': (call) => json(page(recordOf(call).items, call.query)),
  });
}

function createConversation(world: World, body: Body | null): ConversationRecord {
  const record: ConversationRecord = {
    object: {
      id: world.identifiers.next('conv_'),
      object: 'conversation',
      created_at: world.clock.now(),
      metadata: body?.metadata ?? {},
    },
    items: inputItems(body?.items, world.identifiers),
  };
  world.conversations.set(record.object.id, record);
  return record;
}
