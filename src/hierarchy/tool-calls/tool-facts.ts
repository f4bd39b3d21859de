import { arrayField, field, MAX_READ, names, objectField, stringField } from '../../util/payload.ts';
import type { ToolCallContent, ToolCallSnapshot } from '../model.ts';

/** What the tool calls of all APIs have in common. */

export const NO_TOOL_CONTENT: ToolCallContent = {
  arguments: undefined,
  result: undefined,
  query: undefined,
  documents: [],
};

const NO_COUNTS = { imageCount: undefined, resultCount: undefined, fileIds: undefined };

/** The images that a code interpreter made, and the results of a search, which the API reports only on request. */
export function toolCounts(
  type: string,
  call: unknown,
): Pick<ToolCallSnapshot, 'imageCount' | 'resultCount' | 'fileIds'> {
  if (type === 'code_interpreter') {
    const images = arrayField(call, 'outputs').filter((output) => field(output, 'type') === 'image');
    return { ...NO_COUNTS, imageCount: images.length };
  }
  if (type !== 'file_search') return NO_COUNTS;
  const results = arrayField(call, 'results');
  return {
    ...NO_COUNTS,
    resultCount: Array.isArray(field(call, 'results')) ? results.length : undefined,
    fileIds: [...new Set(names(results.map((result) => field(result, 'file_id'))))],
  };
}

/** The start and end times of the items of a streamed response. */
export class ItemTimes {
  /** Created lazily: most responses are not streamed. */
  #times: Map<string, { startTime: number; endTime: number | undefined }> | undefined;

  add(event: unknown, time: number): void {
    const type = field(event, 'type');
    if (type !== 'response.output_item.added' && type !== 'response.output_item.done') return;
    const id = stringField(objectField(event, 'item'), 'id');
    if (id === undefined) return;
    this.#times ??= new Map();
    const known = this.#times.get(id);
    if (known === undefined) {
      if (this.#times.size < MAX_READ) this.#times.set(id, { startTime: time, endTime: undefined });
    } else if (type === 'response.output_item.done') known.endTime ??= time;
  }

  of(id: string | undefined): { startTime: number; endTime: number | undefined } | undefined {
    return id === undefined ? undefined : this.#times?.get(id);
  }
}
