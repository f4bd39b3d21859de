import * as ATTR from '../semconv/attributes.ts';
import { terminalSafe } from '../util/terminal-safe.ts';
import { formatDuration, joinedFacts } from './amounts.ts';
import { evaluationsOf, explanationText, scoreText } from './evaluations.ts';
import { attributeText } from './messages.ts';
import { contentOf } from './span-content.ts';
import { detailsOf } from './span-details.ts';
import {
  type Detail,
  fittingDetails,
  joined,
  pad,
  paint,
  shorten,
  shortenLine,
  type TextSegment,
  type Tone,
  toned,
  widthOf,
} from './terminal-text.ts';
import type { Row, TraceTree } from './tree.ts';

export interface TreeViewOptions {
  /** The width of the terminal; `undefined` if lines may have any length. */
  readonly columns: number | undefined;
  readonly color: boolean;
  /** Further attributes to show, as `name=value`. */
  readonly attributes: readonly string[];
}

/** If lines may have any length, names longer than this (including the branch) do not widen the name column. */
const MAX_SPAN_NAME_WIDTH = 64;
const NAME_SHARE = 0.6;
/** A branch that leaves less room than this for the name is shortened, but not below half of the name column. */
const MIN_NAME_WIDTH = 16;
const MAX_CONTENT_WIDTH = 120;

/** Colors by operation, or by span name if the span is not a GenAI operation. */
const NAME_TONES: Readonly<Record<string, Tone>> = {
  thread: 'strong',
  conversation: 'strong',
  session: 'strong',
  invoke_agent: 'agent',
  create_agent: 'agent',
  chat: 'model',
  text_completion: 'model',
  embeddings: 'model',
  execute_tool: 'tool',
  retrieval: 'tool',
};

/** The texts of a span, before the layout is computed. */
interface Cell {
  readonly row: Row;
  readonly name: string;
  readonly nameTone: Tone;
  readonly duration: string;
  readonly details: readonly Detail[];
  readonly content: readonly string[];
}

interface Layout {
  readonly name: number;
  readonly duration: number;
  readonly columns: number | undefined;
}

/**
 * Draws a trace: one line per span with its name, duration and details, and below it the content. On a narrow terminal,
 * the least important details are left out; if the others still do not fit, they go below the name.
 *
 * @returns lines that end in a line feed and contain no control characters except those for color
 */
export function drawTree(tree: TraceTree, options: TreeViewOptions): string {
  const cells = tree.rows.map((row) => readCell(row, options.attributes));
  const layout = layOut(cells, options.columns);
  const lines: string[] = [];
  for (const cell of withEqualDetails(cells, layout)) {
    for (const line of [...spanLines(cell, layout), ...contentLines(cell, layout)]) {
      lines.push(`${paint(line, options.color)}\n`);
    }
  }
  return lines.join('');
}

function readCell(row: Row, attributes: readonly string[]): Cell {
  const { span } = row;
  const evaluations = evaluationsOf(span.events);
  return {
    row,
    name: terminalSafe(attributeText(span.name), 200),
    nameTone: nameToneOf(row),
    duration: formatDuration(span.start, span.end),
    details: [
      ...detailsOf(row, attributes),
      ...evaluations.map(
        (each): Detail => ({ ...toned(scoreText(each), 'dim'), rank: 0, kind: 'evaluation' }),
      ),
    ],
    content: [
      ...contentOf(span.attributes).map(({ mark, role, text }) => joinedFacts([mark, role, text], ' ')),
      ...evaluations.flatMap((each) => explanationText(each) ?? []),
    ],
  };
}

/** If a detail does not fit in one row, drops that kind of detail from all rows of the same kind. */
function withEqualDetails(cells: readonly Cell[], { name, duration, columns }: Layout): readonly Cell[] {
  if (columns === undefined) return cells;
  const kindOfRow = ({ row, name: text }: Cell): unknown =>
    row.span.attributes[ATTR.GEN_AI_OPERATION_NAME] ?? text;
  const dropped = new Map<unknown, Set<string>>();
  for (const cell of cells) {
    const kept = fittingDetails(cell.details, columns - name - duration - 4);
    const missing = kept === undefined ? [] : cell.details.filter((each) => !kept.includes(each));
    const kinds = dropped.get(kindOfRow(cell)) ?? new Set();
    for (const { kind } of missing) kinds.add(kind);
    dropped.set(kindOfRow(cell), kinds);
  }
  return cells.map((cell) => ({
    ...cell,
    details: cell.details.filter(({ rank, kind }) => rank === 0 || !dropped.get(kindOfRow(cell))?.has(kind)),
  }));
}

function nameToneOf({ span, parent }: Row): Tone {
  const operation = attributeText(span.attributes[ATTR.GEN_AI_OPERATION_NAME] ?? span.name);
  const tone = Object.hasOwn(NAME_TONES, operation) ? NAME_TONES[operation] : undefined;
  return tone ?? (parent === undefined ? 'strong' : 'plain');
}

function layOut(cells: readonly Cell[], columns: number | undefined): Layout {
  const limit = columns === undefined ? MAX_SPAN_NAME_WIDTH : Math.floor(columns * NAME_SHARE);
  let [name, duration] = [0, 0];
  for (const cell of cells) {
    const width = widthOf(cell.row.branch) + widthOf(cell.name);
    // If lines may have any length, a very long name shifts only its own details to the right.
    if (columns !== undefined || width <= limit) name = Math.max(name, Math.min(width, limit));
    duration = Math.max(duration, cell.duration.length);
  }
  return { name, duration, columns };
}

function spanLines(cell: Cell, layout: Layout): TextSegment[][] {
  const { columns } = layout;
  const whole = cell.row.branch;
  const room = Math.max(layout.name - Math.min(widthOf(cell.name), MIN_NAME_WIDTH), layout.name >> 1);
  const isShown = columns === undefined || whole.length <= room;
  // Cut the start of the branch, so that the names of the deepest spans stay aligned.
  const branch = isShown ? whole : `…${whole.slice(whole.length - room + 1)}`;
  const nameWidth = layout.name - widthOf(branch);
  const name = columns === undefined ? cell.name : shorten(cell.name, nameWidth);
  const head: TextSegment[] = [
    toned(branch, 'dim'),
    toned(name, cell.nameTone),
    toned(`${pad('', nameWidth - widthOf(name))}  ${cell.duration.padStart(layout.duration)}  `, 'plain'),
  ];
  if (columns === undefined) return [[...head, ...joined(cell.details)]];
  const beside = fittingDetails(cell.details, columns - layout.name - layout.duration - 4);
  if (beside !== undefined) return [[...head, ...joined(beside)]];
  const column = widthOf(cell.row.rail) + 2;
  const below = fittingDetails(cell.details, columns - column);
  const needed = cell.details.filter(({ rank }) => rank === 0);
  const lines = below === undefined ? needed.map((detail) => [detail]) : [joined(below)];
  const indentation = toned(pad(cell.row.rail, column), 'dim');
  return [head, ...lines.map((line) => shortenLine([indentation, ...line], columns))];
}

function contentLines(cell: Cell, layout: Layout): TextSegment[][] {
  const columns = layout.columns ?? MAX_CONTENT_WIDTH;
  return cell.content.map((text) => {
    const room = Math.max(columns - widthOf(cell.row.rail), layout.columns === undefined ? 40 : 0);
    const short = shorten(text, room);
    // If the text was cut, put the closing quote after the `…`.
    const closed = short === text || !text.endsWith('"') ? short : `${shorten(text, room - 1)}"`;
    const line = [toned(cell.row.rail + closed, 'dim')];
    return layout.columns === undefined ? line : shortenLine(line, layout.columns);
  });
}
