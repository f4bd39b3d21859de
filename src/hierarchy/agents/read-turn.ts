import { arrayField, first, MAX_READ, stringField } from '../../util/payload.ts';
import type { FactSink, Get, InvocationView } from '../dialect.ts';
import { listPages } from '../reads/list-pages.ts';
import { readSessionObject } from './facts.ts';

const MAX_READ_SUBAGENTS = 10;
const MAX_READ_TURNS = 100;

/** Reads a turn whose end was not seen, or the newest turns where its id is not known either. */
export async function readTurnEnd(turn: InvocationView, get: Get, sink: FactSink): Promise<void> {
  const path = turnPath(turn);
  if (path === undefined) return;
  const turns = `${path.session}${path.owner}/turns`;
  if (turn.id !== undefined) {
    readSessionObject(await get(`${turns}/${encodeURIComponent(turn.id)}`), sink);
    return;
  }
  const listed = arrayField(await get(turns, { limit: MAX_READ_TURNS, order: 'desc' }), 'data');
  for (const object of first(listed, MAX_READ).toReversed()) readSessionObject(object, sink);
}

/**
 * Reads an ended turn: the turn itself if its end was not seen, its items, and the turns of its subagents, which then read
 * their own items.
 */
export async function readTurnDetails(turn: InvocationView, get: Get, sink: FactSink): Promise<boolean> {
  const path = turnPath(turn);
  if (path === undefined) return false;
  const { session, owner } = path;
  const list = (below: string): Promise<readonly unknown[]> =>
    listPages(get, session + below, { order: 'asc' });
  const readAll = (objects: readonly unknown[]): void => {
    for (const object of objects) readSessionObject(object, sink);
  };

  if (turn.life.endTime === undefined || turn.snapshot?.usage === undefined)
    await readTurnEnd(turn, get, sink);
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

function turnPath({
  conversationId,
  subagentId,
}: InvocationView): { readonly session: string; readonly owner: string } | undefined {
  if (conversationId === undefined) return undefined;
  return {
    session: `/agents/sessions/${encodeURIComponent(conversationId)}`,
    owner: subagentId === undefined ? '' : `/subagents/${encodeURIComponent(subagentId)}`,
  };
}
