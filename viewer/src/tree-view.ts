import { evaluationsOf, evaluationText, explanationText } from './evaluations.ts';
import { formatDuration, joinedFacts } from './format-amounts.ts';
import { attributeText } from './messages.ts';
import { terminalSafe } from './shared/terminal-safe.ts';
import { contentOf } from './span-content.ts';
import { detailsOf } from './span-details.ts';
import {
  type Detail,
  fittingRank,
  joined,
  pad,
  type Rank,
  shorten,
  type Tone,
  terminalLine,
  toned,
  widthOf,
} from './terminal-text.ts';
import type { Row, TraceTree } from './tree.ts';
import { kindOf, typeOf } from './viewed-span.ts';

export interface TreeViewOptions {
  /** The maximum width of lines. */
  readonly columns: number;
  readonly color: boolean;
  /** Further attributes to show, as `name=value`. */
  readonly attributes: readonly string[];
}

const NAME_SHARE = 0.6;
/** A branch that leaves less room than this for the name is shortened, but not below half of the name column. */
const MIN_NAME_WIDTH = 16;

interface Cell {
  readonly row: Row;
  readonly name: string;
  /** Rows of one kind show details of the same ranks. */
  readonly kind: string;
  readonly duration: string;
  readonly details: readonly Detail[];
  readonly content: readonly string[];
}

interface Layout {
  readonly columns: number;
  /** The widths of the columns with names and durations. */
  readonly name: number;
  readonly duration: number;
  /** For each kind, the highest rank whose details fit in all rows of that kind. */
  readonly ranks: ReadonlyMap<string, Rank>;
}

/**
 * Draws a trace: one line per span with its name, duration and details, and below it the content. On a narrow terminal,
 * the least important details are left out; if the others still do not fit, they go below the name.
 *
 * @returns lines that end in a line feed and contain no control characters except those for color
 */
export function drawTree(tree: TraceTree, { columns, color, attributes }: TreeViewOptions): string {
  const cells = tree.rows.map((row) => readCell(row, attributes));
  const layout = layOut(cells, columns);
  return cells
    .flatMap((cell) => [...spanLines(cell, layout), ...contentLines(cell, columns)])
    .map((line) => terminalLine(line, color))
    .join('');
}

function readCell(row: Row, attributes: readonly string[]): Cell {
  const { span } = row;
  const evaluations = evaluationsOf(span.events);
  const scores = evaluations
    .map((each) => terminalSafe(evaluationText(each), 120))
    .map((text): Detail => ({ text, tone: 'dim', rank: 0 }));
  return {
    row,
    name: terminalSafe(attributeText(span.name), 200),
    kind: kindOf(span),
    duration: formatDuration(span.start, span.end),
    details: [...detailsOf(row, attributes), ...scores],
    content: [
      ...contentOf(span.attributes).map(({ mark, role, text }) => joinedFacts([mark, role, text], ' ')),
      ...evaluations.flatMap((each) => explanationText(each) ?? []),
    ],
  };
}

function layOut(cells: readonly Cell[], columns: number): Layout {
  let [name, duration] = [0, 0];
  for (const cell of cells) {
    const width = widthOf(cell.row.branch) + widthOf(cell.name);
    name = Math.max(name, Math.min(width, Math.floor(columns * NAME_SHARE)));
    duration = Math.max(duration, cell.duration.length);
  }
  const ranks = new Map<string, Rank>();
  for (const { kind, details } of cells) {
    const rank = fittingRank(details, columns - name - duration - 4);
    if (rank !== undefined && rank < (ranks.get(kind) ?? 3)) ranks.set(kind, rank);
  }
  return { columns, name, duration, ranks };
}

function spanLines({ row, name, kind, duration, details }: Cell, layout: Layout): string[] {
  const { columns } = layout;
  const room = Math.max(layout.name - Math.min(widthOf(name), MIN_NAME_WIDTH), layout.name >> 1);
  const isWhole = row.branch.length <= room;
  // Cut the start of the branch, so that the names of the deepest spans stay aligned.
  const branch = isWhole ? row.branch : `…${row.branch.slice(row.branch.length - room + 1)}`;
  const nameWidth = layout.name - widthOf(branch);
  const shown = pad(shorten(name, nameWidth), nameWidth);
  const head = `${toned(branch, 'dim')}${toned(shown, toneOf(row))}  ${duration.padStart(layout.duration)}  `;
  const kept = details.filter(({ rank }) => rank <= (layout.ranks.get(kind) ?? 3));
  const width = widthOf(head);
  if (width + widthOf(joined(kept)) <= columns) return [head + joined(kept)];
  const indentation = toned(pad(row.rail, widthOf(row.rail) + 2), 'dim');
  const below = fittingRank(kept, columns - widthOf(indentation));
  const needed = kept.filter(({ rank }) => rank === 0);
  const lines = below === undefined ? needed.map((each) => joined([each])) : [joined(kept, below)];
  return [head, ...lines.map((line) => shorten(indentation + line, columns))];
}

function toneOf({ span, parent }: Row): Tone {
  const type = typeOf(span);
  if (type === 'other') return parent === undefined ? 'strong' : 'plain';
  return type === 'conversation' ? 'strong' : type;
}

function contentLines({ row, content }: Cell, columns: number): string[] {
  const room = columns - widthOf(row.rail);
  return content.map((text) => {
    const short = shorten(text, room);
    // If the text was cut, put the closing quote after the `…`.
    const closed = short === text || !text.endsWith('"') ? short : `${shorten(text, room - 1)}"`;
    return shorten(toned(row.rail + closed, 'dim'), columns);
  });
}
