import type { Message } from '../../config/completion-types.ts';
import type { ApiRequest } from '../../operations/index.ts';
import { matchRoute } from '../../sdk/routes/index.ts';
import { arrayField, asArray, field, MAX_READ, names, stringField } from '../../util/payload.ts';
import type { Agent, Get, Intent, ToolCallSnapshot } from '../dialect.ts';

export const NONE: readonly never[] = [];

export function parameterOf({ route, values }: ApiRequest, name: string): string | undefined {
  const { parameters } = route;
  for (let index = 0; index < parameters.length; index++)
    if (parameters[index]?.name === name) return values[index];
  return undefined;
}

export function readAgent(value: unknown): Agent | undefined {
  const id = stringField(value, 'id');
  return id === undefined
    ? undefined
    : { id, name: stringField(value, 'name'), model: stringField(value, 'model') };
}

/** Why a run, a step or a turn stopped, by its status. With any other status, it is in progress. */
export const FINISH_REASONS: Readonly<Record<string, string>> = {
  completed: 'stop',
  failed: 'error',
  expired: 'error',
  cancelled: 'cancelled',
  incomplete: 'incomplete',
};

/** Builds a request for an operation that no plain call of this process has requested. */
export function requestTo(
  path: string,
  body: unknown,
  { streamed = false, deployment }: Partial<Pick<ApiRequest, 'streamed' | 'deployment'>> = {},
): ApiRequest {
  return { ...matchRoute('POST', path), method: 'POST', body, streamed, deployment };
}

/**
 * @param all the path that lists all conversations. The paths about one conversation begin with it
 * @param starts whether the request starts an invocation, which changes the conversation
 */
export function conversationUse(
  { route, method }: ApiRequest,
  all: string,
  starts: boolean,
): Intent['conversation'] {
  const { template, folds } = route;
  if (!template.startsWith(all)) return 'none';
  if (!template.includes('{')) return method === 'POST' ? 'creates' : 'none';
  if (method === 'DELETE' && template.lastIndexOf('/') === all.length) return 'deletes';
  return method === 'GET' || (folds !== undefined && !starts) ? 'reads' : 'changes';
}

/**
 * Reads the messages in a request. If content is not recorded, each user message becomes `undefined`, so that
 * it can be counted, and the agent's messages are left out.
 */
export function readRequestMessages(
  messages: readonly unknown[],
  content: boolean,
  read: (message: unknown) => Message,
): readonly (Message | undefined)[] {
  if (messages.length === 0) return NONE;
  if (content) return messages.map(read);
  return messages.filter((message) => field(message, 'role') !== 'assistant').map(() => undefined);
}

/** Counts a code interpreter's images, or a search's results. Some APIs report them only on request. */
export function toolCounts(
  type: string,
  call: unknown,
): Pick<ToolCallSnapshot, 'imageCount' | 'resultCount' | 'fileIds'> {
  if (type === 'code_interpreter') {
    const outputs = field(call, 'outputs');
    const images = asArray(outputs).filter((output) => field(output, 'type') === 'image');
    return { imageCount: Array.isArray(outputs) ? images.length : undefined };
  }
  if (type !== 'file_search') return {};
  const results = field(call, 'results');
  return {
    resultCount: Array.isArray(results) ? results.length : undefined,
    fileIds: [...new Set(names(asArray(results).map((result) => field(result, 'file_id'))))],
  };
}

/** The most objects that the API returns in one page. */
const PAGE_SIZE = 100;
/** The most objects to read: those that are recorded, and as many again that are only counted. */
const MAX_LISTED = 2 * MAX_READ;

/**
 * Reads a list of the API, page after page. It stops at a page that brings nothing new, since some servers repeat a page
 * or ignore `after`.
 *
 * @throws the SDK's error
 */
export async function listPages(
  get: Get,
  path: string,
  query: Readonly<Record<string, unknown>> = {},
): Promise<readonly unknown[]> {
  const objects = new Map<unknown, unknown>();
  let after: string | undefined;
  for (let page = 0; page < MAX_LISTED / PAGE_SIZE; page++) {
    const start = after === undefined ? {} : { after };
    const listed = await get(path, { limit: PAGE_SIZE, order: 'asc', ...query, ...start });
    const data = arrayField(listed, 'data').slice(0, MAX_LISTED - objects.size);
    const { size } = objects;
    for (const object of data) objects.set(stringField(object, 'id') ?? object, object);
    after = stringField(data.at(-1), 'id');
    if (field(listed, 'has_more') !== true || after === undefined || objects.size === size) break;
  }
  return [...objects.values()];
}

/** An object, or the first ones of a list, oldest first. By default, the API lists the newest first. */
export function oldestFirst(value: unknown, query: unknown): readonly unknown[] {
  const data = field(value, 'data');
  if (!Array.isArray(data)) return [value];
  const listed = asArray(data).slice(0, MAX_READ);
  return stringField(query, 'order') === 'asc' ? listed : listed.reverse();
}

/** The values by id. Those that share an id are left out: the id does not tell them apart. */
export function byUniqueId(
  values: readonly unknown[],
  idOf: (value: unknown) => string | undefined,
): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const value of values) {
    const id = idOf(value);
    if (id !== undefined) found.set(id, found.has(id) ? undefined : value);
  }
  for (const [id, value] of found) if (value === undefined) found.delete(id);
  return found;
}
