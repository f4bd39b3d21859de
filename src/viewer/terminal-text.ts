import measure from 'fast-string-truncated-width';

export type Tone = 'plain' | 'strong' | 'dim' | 'agent' | 'model' | 'tool' | 'good' | 'warning' | 'bad';

/** A piece of a line. Its text must have passed `terminalSafe`. */
export interface TextSegment {
  readonly text: string;
  readonly tone: Tone;
}

export function toned(text: string, tone: Tone): TextSegment {
  return { text, tone };
}

/** Parameters of the "select graphic rendition" sequence. */
const RENDITIONS: Readonly<Record<Tone, string | undefined>> = {
  plain: undefined,
  strong: '1',
  dim: '2',
  agent: '35',
  model: '36',
  tool: '33',
  good: '32',
  warning: '33',
  bad: '31',
};

export function paint(line: readonly TextSegment[], color: boolean): string {
  return line
    .map(({ text, tone }) => {
      const rendition = RENDITIONS[tone];
      return color && rendition && text.trim() !== '' ? `\u001b[${rendition}m${text}\u001b[0m` : text;
    })
    .join('')
    .trimEnd();
}

/**
 * Whether to use color. `FORCE_COLOR` decides if it is set: `0` and `false` mean no, anything else yes. Otherwise
 * color needs a terminal, a `TERM` other than `dumb`, and no `NO_COLOR`.
 */
export function wantsColor(
  isTerminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: terminal } = environment;
  if (force !== undefined) return force !== '0' && force !== 'false';
  return isTerminal && !no && terminal !== 'dumb';
}

/** Characters that the fonts of Windows' old console lack, each with its replacement there. */
const OLD_CONSOLE_SIGNS: Readonly<Record<string, string>> = {
  '╭': '┌',
  '╮': '┐',
  '╰': '└',
  '╯': '┘',
  '✗': '×',
};

/** Whether a terminal is Windows' old console. Newer terminals identify themselves by environment variables. */
export function isOldConsole(
  platform: string | undefined,
  { WT_SESSION, TERM_PROGRAM, TERM }: Readonly<Record<string, string | undefined>>,
): boolean {
  return platform === 'win32' && (WT_SESSION ?? TERM_PROGRAM ?? TERM) === undefined;
}

export function forOldConsole(text: string): string {
  return text.replace(/[╭╮╰╯✗]/g, (sign) => OLD_CONSOLE_SIGNS[sign] ?? sign);
}

/** The number of terminal columns that a text fills, as far as that can be known. */
export function widthOf(text: string): number {
  return measure(text).width;
}

/** Cuts a text to a number of columns. A cut text ends in `…`. */
export function shorten(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let short = '';
  let left = columns - 1;
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    short += character;
  }
  return columns > 0 ? `${short.trimEnd()}…` : '';
}

export function shortenLine(line: readonly TextSegment[], columns: number): TextSegment[] {
  const short: TextSegment[] = [];
  let left = columns;
  const total = line.reduce((sum, { text }) => sum + widthOf(text), 0);
  if (total <= columns) return [...line];
  for (const { text, tone } of line) {
    const width = widthOf(text);
    if (width >= left) {
      // A text that exactly fills the line still gets the `…`, because more segments follow it.
      short.push({ text: width === left ? shorten(`${text}  `, left) : shorten(text, left), tone });
      break;
    }
    short.push({ text, tone });
    left -= width;
  }
  return short;
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/** How soon a detail is dropped if there is no room for all details: rank 2 first, then 1. Rank 0 is never dropped. */
export type Rank = 0 | 1 | 2;

export interface Detail extends TextSegment {
  readonly rank: Rank;
  /** The kind of fact that the detail states. Rows of one kind show the same kinds of details. */
  readonly kind: string;
}

const SEPARATOR = toned(' · ', 'dim');

export function joined(details: readonly TextSegment[]): TextSegment[] {
  return details.flatMap((detail, i) => (i === 0 ? [detail] : [SEPARATOR, detail]));
}

/**
 * The details that fit into a line. If they do not all fit, drops those of rank 2 from the right, then those of rank 1.
 *
 * @returns `undefined` if the details of rank 0 do not fit
 */
export function fittingDetails(details: readonly Detail[], width: number): readonly Detail[] | undefined {
  const kept = [...details];
  let needed = joined(kept).reduce((sum, { text }) => sum + widthOf(text), 0);
  for (const rank of [2, 1]) {
    for (let i = kept.length - 1; i >= 0 && needed > width; i--) {
      const detail = kept[i];
      if (detail === undefined || detail.rank !== rank) continue;
      kept.splice(i, 1);
      needed -= widthOf(detail.text) + (kept.length > 0 ? SEPARATOR.text.length : 0);
    }
  }
  return needed <= width ? kept : undefined;
}
