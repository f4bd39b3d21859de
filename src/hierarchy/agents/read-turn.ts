import { arrayField, field, first, MAX_READ, stringField } from '../../util/payload.ts';
import type { FactSink, Get, InvocationView } from '../dialect.ts';
import { listPages } from '../list-pages.ts';
import { asTime } from '../operation-clock.ts';
import { readSessionObject, readTurnFact } from './facts.ts';

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
 * Reads an ended turn: the turn itself if its end was not seen, its items, and the turns of the subagents that its items
 * name, which then read their own items. Meanwhile the next turn may have begun, with subagents of its own.
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
  const named = subagentsIn(items);
  const created = items.filter((item) => stringField(item, 'type') === 'create_subagent_call').length;
  if (created > 0 || named.size > 0) {
    for (const subagent of subagentsOf(turn.snapshot, await list('/subagents'), named, created)) {
      readAll([subagent]);
      const turns = await list(`/subagents/${encodeURIComponent(stringField(subagent, 'id') ?? '')}/turns`);
      for (const one of turns) readTurnFact(one, sink, { aboveId: id });
    }
  }
  readAll(items);
  return true;
}

/** The subagents that tool calls are about. */
function subagentsIn(items: readonly unknown[]): ReadonlySet<unknown> {
  return new Set(
    items.flatMap((item) => [
      stringField(item, 'recipient_agent_id'),
      ...first(arrayField(item, 'recipient_agent_ids')),
    ]),
  );
}

/** Those that the items name, and of the others that were opened during the turn as many as it has created besides. */
function subagentsOf(
  turn: InvocationView['snapshot'],
  listed: readonly unknown[],
  named: ReadonlySet<unknown>,
  created: number,
): readonly unknown[] {
  const { createdAt = 0, endedAt = Number.POSITIVE_INFINITY } = turn ?? {};
  const isNamed = (subagent: unknown): boolean => named.has(stringField(subagent, 'id'));
  const known = listed.filter(isNamed);
  const others = listed.filter((subagent) => {
    const openedAt = asTime(field(subagent, 'opened_at'));
    return !isNamed(subagent) && (openedAt === undefined || (openedAt >= createdAt && openedAt <= endedAt));
  });
  return [...known, ...others.slice(0, Math.max(0, created - known.length))].slice(-MAX_READ_SUBAGENTS);
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
