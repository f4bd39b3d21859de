import { ROOT_CONTEXT } from '@opentelemetry/api';
import { readWithClient } from '../../sdk/own-requests.ts';
import { now } from '../../util/clock.ts';
import { arrayField, first, stringField } from '../../util/payload.ts';
import type { Invocation } from '../invocation.ts';
import type { TurnObservation } from './turns.ts';

const PAGE_SIZE = 100;
const MAX_READ_SUBAGENTS = 10;
const AGENTS_API_VERSION = 'agents=v1';

/**
 * Reads an ended turn: the turn itself if its end was not seen, its items, and the turns of its subagents, which then read
 * their own items.
 *
 * @param client the program's client
 * @param see takes the objects
 * @param sessionId set if the id of the turn is unknown
 * @throws the SDK's error
 */
export async function readTurnDetails(
  invocation: Invocation,
  client: object,
  see: (object: unknown, observation: TurnObservation) => void,
  sessionId: string | undefined = invocation.snapshot?.conversationId,
): Promise<void> {
  if (sessionId === undefined) return;
  const { subagentId, endpoint } = invocation;
  const session = `/agents/sessions/${encodeURIComponent(sessionId)}`;
  const owner = subagentId === undefined ? '' : `/subagents/${encodeURIComponent(subagentId)}`;
  const get = (path: string, query: Readonly<Record<string, unknown>> = {}): Promise<unknown> =>
    readWithClient(client, session + path, query, AGENTS_API_VERSION);
  const list = async (path: string, order: 'asc' | 'desc' = 'asc'): Promise<readonly unknown[]> =>
    first(arrayField(await get(path, { limit: PAGE_SIZE, order }), 'data'));
  const seeAll = (objects: readonly unknown[]): void => {
    const time = now();
    const observation = {
      time,
      live: false,
      askedAt: time,
      serverTime: undefined,
      context: ROOT_CONTEXT,
      endpoint,
    };
    for (const object of objects) see(object, observation);
  };

  if (invocation.id === undefined) seeAll((await list(`${owner}/turns`, 'desc')).toReversed());
  else if (invocation.ended === undefined || invocation.snapshot?.usage === undefined)
    seeAll([await get(`${owner}/turns/${encodeURIComponent(invocation.id)}`)]);
  // The session was idle although the turn has not ended: the turn had not begun.
  if (invocation.id === undefined || invocation.ended === undefined) return invocation.seeUnderWay();

  const items = await list(`${owner}/turns/${encodeURIComponent(invocation.id)}/items`);
  if (items.some((item) => stringField(item, 'type') === 'create_subagent_call')) {
    for (const subagent of (await list('/subagents')).slice(-MAX_READ_SUBAGENTS)) {
      const id = stringField(subagent, 'id') ?? '';
      seeAll([subagent]);
      seeAll(await list(`/subagents/${encodeURIComponent(id)}/turns`));
    }
  }
  seeAll(items);
  invocation.allSeen = true;
}
