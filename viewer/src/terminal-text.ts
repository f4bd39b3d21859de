import measure from 'fast-string-truncated-width';

/** Each tone's number in an ANSI escape sequence for colors. */
const RENDITIONS = {
  plain: 0,
  strong: 1,
  dim: 2,
  bad: 31,
  good: 32,
  tool: 33,
  warning: 33,
  agent: 35,
  model: 36,
} as const;

export type Tone = keyof typeof RENDITIONS;

const RESET = '\u001b[0m';
// biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of `toned` begin with one.
const TONE = /\u001b\[\d+m/g;
const TONE_OR_CHARACTER = new RegExp(`${TONE.source}|.`, 'gsu');

/**
 * Adds a color as escape sequences, which {@link terminalLine} keeps or removes. The text must have passed
 * `terminalSafe`, so that it contains no others.
 */
export function toned(text: string, tone: Tone): string {
  return tone === 'plain' || text.trim() === '' ? text : `\u001b[${RENDITIONS[tone]}m${text}${RESET}`;
}

/** A line to write to the terminal. Without `color`, the escape sequences of {@link toned} are removed. */
export function terminalLine(text: string, color: boolean): string {
  return `${(color ? text : text.replace(TONE, '')).trimEnd()}\n`;
}

/**
 * Whether to use color. `FORCE_COLOR` decides if it is set: `0` and `false` mean no, anything else yes. Otherwise
 * color needs a terminal, a `TERM` other than `dumb`, and no `NO_COLOR`.
 */
export function wantsColor(isTerminal: boolean, environment: Readonly<NodeJS.ProcessEnv>): boolean {
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
  { WT_SESSION, TERM_PROGRAM, TERM }: Readonly<NodeJS.ProcessEnv>,
): boolean {
  return platform === 'win32' && (WT_SESSION ?? TERM_PROGRAM ?? TERM) === undefined;
}

export function forOldConsole(text: string): string {
  return text.replace(/[╭╮╰╯✗]/g, (sign) => OLD_CONSOLE_SIGNS[sign] ?? sign);
}

/** The number of terminal columns that a text fills. It is an estimate, because terminals differ. */
export function widthOf(text: string): number {
  return measure(text).width;
}

export function shorten(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let short = '';
  let left = columns - 1;
  for (const [part] of text.matchAll(TONE_OR_CHARACTER)) {
    left -= widthOf(part);
    if (left < 0) break;
    short += part;
  }
  const ended = text.includes(RESET) ? RESET : '';
  return columns > 0 ? `${short.trimEnd()}…${ended}` : '';
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/**
 * Where details do not fit, those with the highest rank are dropped first. Rank 0 is never dropped. In the terminal,
 * rank 4 never fits.
 */
export type Rank = 0 | 1 | 2 | 3 | 4;
const RANKS: readonly Rank[] = [3, 2, 1, 0];

export interface Detail {
  readonly text: string;
  readonly tone: Tone;
  readonly rank: Rank;
}

export function joined(details: readonly Detail[], rank: Rank = 3): string {
  const kept = details.filter((detail) => detail.rank <= rank);
  return kept.map(({ text, tone }) => toned(text, tone)).join(toned(' · ', 'dim'));
}

/** The highest rank whose details fit with those of lower ranks; `undefined` if rank 0 does not fit. */
export function fittingRank(details: readonly Detail[], columns: number): Rank | undefined {
  return RANKS.find((rank) => widthOf(joined(details, rank)) <= columns);
}
