import { RequestError } from './reply.ts';

export interface ListPage<Item> {
  readonly object: 'list';
  readonly data: readonly Item[];
  readonly first_id: string | null;
  readonly last_id: string | null;
  readonly has_more: boolean;
}

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/**
 * One page of a list, newest first unless `order=asc`: `limit` items after the item `after`.
 *
 * @param oldestFirst all items in the order they were made.
 */
export function page<Item extends { readonly id: string }>(
  oldestFirst: Iterable<Item>,
  query: URLSearchParams,
): ListPage<Item> {
  const limit = limitOf(query);
  let items = [...oldestFirst];
  if (query.get('order') !== 'asc') items.reverse();
  const after = query.get('after');
  if (after !== null) items = items.slice(positionOf(items, after) + 1);
  const data = items.slice(0, limit);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: items.length > data.length,
  };
}

function limitOf(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new RequestError(400, `Invalid 'limit': not between 1 and ${MAX_LIMIT}.`, 'invalid_value', 'limit');
}

function positionOf(items: readonly { readonly id: string }[], id: string): number {
  const position = items.findIndex((item) => item.id === id);
  if (position < 0) throw new RequestError(400, `Invalid cursor: '${id}' is not in this list.`);
  return position;
}
