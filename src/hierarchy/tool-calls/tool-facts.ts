import { mayHaveMedia } from '../../telemetry/content/media.ts';
import { cut, ownCopy } from '../../util/cut-text.ts';
import { arrayField, field, MAX_READ, names, objectField, stringField } from '../../util/payload.ts';
import type { ToolCallContent } from '../model.ts';

/** What the tool calls of all APIs have in common. */

export const NO_TOOL_CONTENT: ToolCallContent = {
  arguments: undefined,
  result: undefined,
  query: undefined,
  documents: [],
};

/**
 * Cuts the arguments to the recorded length plus two characters, so that the recorded text still ends in `…`. Text that
 * may contain media is not cut, because the media are removed first, when it is recorded.
 */
export function cutArguments(content: ToolCallContent, maxText: number): ToolCallContent {
  const { arguments: given } = content;
  if (typeof given !== 'string' || given.length <= maxText || mayHaveMedia(given)) return content;
  return { ...content, arguments: ownCopy(cut(given, maxText + 2)) };
}

/** The number of images that a code interpreter made. */
export function countToolImages(call: unknown): number {
  return arrayField(call, 'outputs').filter((output) => field(output, 'type') === 'image').length;
}

/** The number of results of a search; the API reports them only on request. */
export function countResults(call: unknown): number | undefined {
  const results = field(call, 'results');
  return Array.isArray(results) ? results.length : undefined;
}

/** The ids of the files that the results of a search come from. */
export function filesOf(call: unknown): readonly string[] {
  return [...new Set(names(arrayField(call, 'results').map((result) => field(result, 'file_id'))))];
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
