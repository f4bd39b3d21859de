import { page } from './pages.ts';
import { json, missing, notFound } from './reply.ts';
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
  return [
    ...routeTable({
      'POST /conversations': ({ body }) => json(createConversation(world, body as Body | null).object),
      'GET /conversations/{conversation_id}': (call) => json(recordOf(call).object),
      'POST /conversations/{conversation_id}': (call) =>
        json(Object.assign(recordOf(call).object, call.body)),
      'DELETE /conversations/{conversation_id}': (call) => {
        const { id } = recordOf(call).object;
        world.conversations.delete(id);
        return json({ id, object: 'conversation.deleted', deleted: true });
      },
    }),
    ...itemRoutes(world, recordOf),
  ];
}

function itemRoutes(world: World, recordOf: (call: Call) => ConversationRecord): readonly Route[] {
  const itemOf = (call: Call): ConversationRecord['items'][number] => {
    const id = call.parameter('item_id');
    const item = recordOf(call).items.find((candidate) => candidate.id === id);
    if (item === undefined) throw notFound('item', id);
    return item;
  };
  return routeTable({
    'POST /conversations/{conversation_id}/items': (call) => {
      const { items } = (call.body ?? {}) as Body;
      if (items === undefined) throw missing('items');
      const added = inputItems(items, world.identifiers);
      recordOf(call).items.push(...added);
      return json(page(added, new URLSearchParams({ order: 'asc' })));
    },
    'GET /conversations/{conversation_id}/items': (call) => json(page(recordOf(call).items, call.query)),
    'GET /conversations/{conversation_id}/items/{item_id}': (call) => json(itemOf(call)),
    'DELETE /conversations/{conversation_id}/items/{item_id}': (call) => {
      const record = recordOf(call);
      record.items.splice(record.items.indexOf(itemOf(call)), 1);
      return json(record.object);
    },
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
