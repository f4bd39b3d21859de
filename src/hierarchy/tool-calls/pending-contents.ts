import { mayHaveMedia } from '../../telemetry/content/messages.ts';
import { textLimits } from '../../telemetry/kept-text.ts';
import type { BoundedMap } from '../../util/bounded-map.ts';
import { cut, ownCopy } from '../../util/cut-text.ts';
import { field, MAX_PART_DEPTH } from '../../util/payload.ts';
import type { ToolCallContent } from '../model.ts';
import type { ConversationTracker } from '../tracker.ts';

const MAX_CONTENTS = 1_000;
/** Stands for a number, or for an object without its fields. */
const CHARACTERS_OF_VALUE = 16;

interface KeptContent {
  readonly content: ToolCallContent;
  readonly length: number;
}

/**
 * What the newest pending tool calls are given. It may be long, and there are programs that ask for calls and answer none,
 * such as those that want the arguments alone.
 */
export class PendingContents {
  readonly #tracker: ConversationTracker;
  readonly #kept: BoundedMap<object, KeptContent>;
  #length = 0;

  constructor(tracker: ConversationTracker) {
    this.#tracker = tracker;
    this.#kept = tracker.remember(MAX_CONTENTS, ({ length }) => {
      this.#length -= length;
    });
  }

  add(call: object, given: ToolCallContent): void {
    const limits = textLimits(this.#tracker.telemetry.settings);
    const content = cutArguments(given, limits.text);
    const length = charactersOf(content);
    this.#kept.set(call, { content, length });
    this.#length += length;
    while (this.#length > limits.answer && this.#kept.size > 1) this.#kept.dropOldest();
  }

  take(call: object): ToolCallContent | undefined {
    const kept = this.#kept.get(call);
    if (kept === undefined) return undefined;
    this.#kept.delete(call);
    this.#length -= kept.length;
    return kept.content;
  }
}

/** As much as is recorded, and two characters more, or the recorded text would not end in `…`. Media are removed later. */
function cutArguments(content: ToolCallContent, maxText: number): ToolCallContent {
  const { arguments: given } = content;
  if (typeof given !== 'string' || given.length <= maxText || mayHaveMedia(given)) return content;
  return { ...content, arguments: ownCopy(cut(given, maxText + 2)) };
}

function charactersOf(value: unknown, depth: number = MAX_PART_DEPTH): number {
  if (typeof value === 'string') return value.length;
  let length = CHARACTERS_OF_VALUE;
  if (typeof value !== 'object' || value === null || depth === 0) return length;
  if (Array.isArray(value)) for (const item of value) length += charactersOf(item, depth - 1);
  else for (const key in value) length += key.length + charactersOf(field(value, key), depth - 1);
  return length;
}
