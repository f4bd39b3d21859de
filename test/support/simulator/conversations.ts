import { page } from './pages.ts';
import { json, missing, notFound } from './reply.ts';
import { inputItems } from './response-items.ts';
import type { Call, Route } from './router.ts';
import type { ConversationRecord, World } from './world.ts';

interface Body {
  readonly items?: unknown;
  readonly metadata?: object;
}

/** Conversations and their items; responses that name a conversation add to it. */
export function conversationRoutes(world: World): readonly Route[] {
  const recordOf = (call: Call): ConversationRecord => world.conversation(call.parameter('conversation_id'));
  return [
    {
      method: 'POST',
      path: '/conversations',
      answer: ({ body }) => json(createConversation(world, body as Body | null).object),
    },
    {
      method: 'GET',
      path: '/conversations/{conversation_id}',
      answer: (call) => json(recordOf(call).object),
    },
    {
      method: 'POST',
      path: '/conversations/{conversation_id}',
      answer: (call) => json(Object.assign(recordOf(call).object, call.body)),
    },
    {
      method: 'DELETE',
      path: '/conversations/{conversation_id}',
      answer: (call) => {
        const { id } = recordOf(call).object;
        world.conversations.delete(id);
        return json({ id, object: 'conversation.deleted', deleted: true });
      },
    },
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
  return [
    {
      method: 'POST',
      path: '/conversations/{conversation_id}/items',
      answer: (call) => {
        const { items } = (call.body ?? {}) as Body;
        if (items === undefined) throw missing('items');
        const added = inputItems(items, world.identifiers);
        recordOf(call).items.push(...added);
        return json(page(added, new URLSearchParams({ order: 'asc' })));
      },
    },
    {
      method: 'GET',
      path: '/conversations/{conversation_id}/items',
      answer: (call) => json(page(recordOf(call).items, call.query)),
    },
    {
      method: 'GET',
      path: '/conversations/{conversation_id}/items/{item_id}',
      answer: (call) => json(itemOf(call)),
    },
    {
      method: 'DELETE',
      path: '/conversations/{conversation_id}/items/{item_id}',
      answer: (call) => {
        const record = recordOf(call);
        record.items.splice(record.items.indexOf(itemOf(call)), 1);
        return json(record.object);
      },
    },
  ];
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
