import { arrayField, field, MAX_READ, stringField } from '../../util/payload.ts';
import type { Get } from '../dialect.ts';

/** The most objects that the API returns in one page. */
const PAGE_SIZE = 100;
/** The most objects to read: those that are recorded, and as many again that are only counted. */
const MAX_LISTED = 2 * MAX_READ;

/**
 * Reads a list of the API, page after page, but no more than two thousand objects. It stops at a page that brings
 * nothing new, since some servers repeat a page or ignore `after`.
 *
 * @throws the SDK's error
 */
export async function listPages(
  get: Get,
  path: string,
  query: Readonly<Record<string, unknown>>,
): Promise<readonly unknown[]> {
  const objects = new Map<unknown, unknown>();
  let after: string | undefined;
  for (let page = 0; page < MAX_LISTED / PAGE_SIZE; page++) {
    const listed = await get(path, { limit: PAGE_SIZE, ...query, ...(after === undefined ? {} : { after }) });
    const data = arrayField(listed, 'data').slice(0, MAX_LISTED - objects.size);
    const { size } = objects;
    for (const object of data) objects.set(stringField(object, 'id') ?? object, object);
    after = stringField(data.at(-1), 'id');
    if (field(listed, 'has_more') !== true || after === undefined || objects.size === size) break;
  }
  return [...objects.values()];
}

/** The first objects of a list, oldest first. By default, the API lists the newest first. */
export function oldestFirst(list: unknown, query: unknown, most: number): readonly unknown[] {
  const listed = arrayField(list, 'data').slice(0, most);
  return isOldestFirst(query) ? listed : listed.reverse();
}

export function isOldestFirst(query: unknown): boolean {
  return stringField(query, 'order') === 'asc';
}
