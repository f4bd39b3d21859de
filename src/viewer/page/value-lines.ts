import { attributeText, isRecord, parseShortJson } from '../messages.ts';

/** The maximum number of lines shown of a value with fields. The attributes of its span show all of it. */
const MAX_LINES = 2_000;
const MAX_SHOWN_LINE_LENGTH = 10_000;
/** JSON that is nested deeper is shown without line breaks, because most of each line would be indentation. */
export const MAX_SHOWN_DEPTH = 20;

/** A value as lines of names and values. A text is returned as it is. */
export function valueText(value: unknown): string {
  const parsed = parseShortJson(value) ?? value;
  if (!hasFields(parsed)) return attributeText(parsed);
  const lines: string[] = [];
  for (const line of linesOf(parsed, 0)) {
    if (lines.length === MAX_LINES) {
      lines.push('…');
      break;
    }
    lines.push(line.length > MAX_SHOWN_LINE_LENGTH ? `${line.slice(0, MAX_SHOWN_LINE_LENGTH)}…` : line);
  }
  return lines.join('\n');
}

/** Generates the lines one by one, so that lines beyond the limit are never made. */
function* linesOf(value: object, depth: number): Generator<string> {
  const indent = '  '.repeat(depth);
  for (const [name, each] of Object.entries(value)) {
    const label = `${indent}${Array.isArray(value) ? '-' : `${name}:`}`;
    if (hasFields(each) && depth < MAX_SHOWN_DEPTH) {
      yield label;
      yield* linesOf(each, depth + 1);
    } else {
      // Code in arguments keeps its line breaks, which JSON would show as `\n`.
      const lines = attributeText(each).split('\n', MAX_LINES);
      if (lines.length === 1) yield `${label} ${lines[0]}`;
      else {
        yield label;
        for (const line of lines) yield `${indent}  ${line}`;
      }
    }
  }
}

function hasFields(value: unknown): value is object {
  return isRecord(value) && Object.keys(value).length > 0;
}
