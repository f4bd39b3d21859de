import { first, MAX_READ, stringField } from '../../util/payload.ts';
import type { FactSink, Get, InvocationView } from '../dialect.ts';
import { listPages } from '../list-pages.ts';
import { readSessionObject } from './facts.ts';

const MAX_READ_SUBAGENTS = 10;

/**
 * Reads an ended turn: the turn itself if its end was not seen, its items, and the turns of its subagents, which then read
 * their own items.
 */
export async function readTurnDetails(turn: InvocationView, get: Get, sink: FactSink): Promise<boolean> {
  const { subagentId, conversationId } = turn;
  if (conversationId === undefined) return false;
  const session = `/agents/sessions/${encodeURIComponent(conversationId)}`;
  const owner = subagentId === undefined ? '' : `/subagents/${encodeURIComponent(subagentId)}`;
  const list = async (path: string, order: 'asc' | 'desc' = 'asc'): Promise<readonly unknown[]> =>
    first(await listPages(get, session + path, { order }), MAX_READ);
  const readAll = (objects: readonly unknown[]): void => {
    for (const object of objects) readSessionObject(object, sink);
  };

  if (turn.id === undefined) readAll((await list(`${owner}/turns`, 'desc')).toReversed());
  else if (turn.life.endTime === undefined || turn.snapshot?.usage === undefined)
    readAll([await get(`${session}${owner}/turns/${encodeURIComponent(turn.id)}`)]);
  const { id } = turn;
  if (id === undefined || turn.life.endTime === undefined) return false;

  const items = await list(`${owner}/turns/${encodeURIComponent(id)}/items`);
  if (items.some((item) => stringField(item, 'type') === 'create_subagent_call')) {
    for (const subagent of (await list('/subagents')).slice(-MAX_READ_SUBAGENTS)) {
      readAll([subagent]);
      readAll(await list(`/subagents/${encodeURIComponent(stringField(subagent, 'id') ?? '')}/turns`));
    }
  }
  readAll(items);
  return true;
}
