import { MASKED_KINDS, type MaskedKind } from '../../config/config.ts';
import { notice } from '../../diagnostics/report.ts';
import { asObject, field, isPlainObject } from '../../util/payload.ts';
import { findPrivate, type MaskedSpan, type Search, searchFor } from './find-private.ts';

/** What `maskingHook` and `maskText` mask. With malformed options, they mask all content. */
export interface MaskingOptions {
  /** Which kinds to find. Default: `email`, `phone`, `card` and `key`. */
  readonly kinds?: readonly MaskedKind[] | undefined;
  /** Patterns of your own, by the name that replaces what they match: `{ order: /\bORD-\d{6}\b/ }` gives `[order]`. */
  readonly patterns?: Readonly<Record<string, RegExp>> | undefined;
}

/** A pattern of the program, after the name that replaces its matches. It has the flag `g` and not the flag `y`. */
type OwnPattern = readonly [name: string, pattern: RegExp];

/** The parsed options: what is masked. */
export interface Mask {
  readonly search: Search;
  readonly patterns: readonly OwnPattern[];
}

/** Replaces everything that is found with its kind in brackets, such as `[email]`. */
export function maskWith(mask: Mask, text: string): string {
  return maskPieces(mask, [text])[0] ?? '';
}

/** Masks texts that may be pieces of one, such as tokens of an answer. Also finds what spans several pieces. */
export function maskPieces(mask: Mask, pieces: readonly string[]): string[] {
  const joined = pieces.join('');
  const spans = spansIn(mask, joined, 0);
  let length = 0;
  for (const piece of pieces) {
    if (pieces.length > 1) spans.push(...spansIn(mask, piece, length));
    length += piece.length;
  }
  const apart = withoutOverlaps(spans);
  let next = 0;
  let start = 0;
  return pieces.map((piece) => {
    const end = start + piece.length;
    let at = start;
    let shown = '';
    for (let span = apart[next]; span !== undefined && span.start < end; span = apart[next]) {
      if (span.start >= start) shown += `${joined.slice(at, span.start)}[${span.name}]`;
      at = Math.min(span.end, end);
      if (span.end > end) break;
      next++;
    }
    start = end;
    return shown + joined.slice(at, end);
  });
}

/** Everything to be masked in a text: the matches of the program's own patterns, and the known formats. */
function spansIn({ search, patterns }: Mask, text: string, offset: number): MaskedSpan[] {
  const own = patterns.flatMap(([name, pattern]) =>
    [...text.matchAll(pattern)].map(({ index, 0: found }) => ({
      name,
      start: index,
      end: index + found.length,
    })),
  );
  return [...own, ...findPrivate(text, search)]
    .filter(({ start, end }) => end > start)
    .map(({ name, start, end }) => ({ name, start: start + offset, end: end + offset }));
}

/** Sorts spans by their position, and merges those that overlap. A merged span has the name of the first. */
function withoutOverlaps(spans: readonly MaskedSpan[]): MaskedSpan[] {
  const apart: MaskedSpan[] = [];
  for (const span of spans.toSorted((one, other) => one.start - other.start)) {
    const last = apart.at(-1);
    if (last === undefined || span.start >= last.end) apart.push(span);
    else apart[apart.length - 1] = { ...last, end: Math.max(last.end, span.end) };
  }
  return apart;
}

const MASK_MEMBERS: readonly string[] = ['kinds', 'patterns'] satisfies (keyof MaskingOptions)[];

/** Parses the options. If they are malformed, reports that once and returns `undefined`: all content must be masked. */
export function readMask(options: unknown): Mask | undefined {
  const mask = parseMask(options ?? {});
  if (mask === undefined)
    notice(
      'option_not_accepted',
      `masking options are malformed; accepted: kinds, a list of ${MASKED_KINDS.join(', ')}, and patterns, an object of ` +
        'regular expressions. All content is masked.',
    );
  return mask;
}

function parseMask(options: unknown): Mask | undefined {
  if (!isPlainObject(options)) return undefined;
  const names = Object.keys(options).filter((name) => field(options, name) !== undefined);
  const kinds = parseKinds(field(options, 'kinds') ?? MASKED_KINDS);
  const patterns = parsePatterns(field(options, 'patterns') ?? {});
  const areKnown = names.every((name) => MASK_MEMBERS.includes(name));
  return areKnown && kinds && patterns ? { search: searchFor(kinds), patterns } : undefined;
}

function parseKinds(given: unknown): ReadonlySet<MaskedKind> | undefined {
  if (!Array.isArray(given) && !(given instanceof Set)) return undefined;
  const kinds: ReadonlySet<unknown> = new Set(given);
  const known = MASKED_KINDS.filter((kind) => kinds.has(kind));
  return known.length === kinds.size ? new Set(known) : undefined;
}

function parsePatterns(given: unknown): readonly OwnPattern[] | undefined {
  if (!isPlainObject(given)) return undefined;
  const entries = Object.entries(asObject(given) ?? {}).filter(([, pattern]) => pattern !== undefined);
  const patterns = entries.map(parsePattern);
  return patterns.every((each) => each !== undefined) ? patterns : undefined;
}

/** Copies the pattern, so that it has its own `lastIndex`. Returns `undefined` if it is malformed. */
function parsePattern([name, given]: readonly [string, unknown]): OwnPattern | undefined {
  const [source, flags] = [field(given, 'source'), field(given, 'flags')];
  if (typeof source !== 'string' || typeof flags !== 'string') return undefined;
  try {
    // Without the flag `y`, with which each match would have to begin where the last one ended.
    return [name, new RegExp(source, `${flags.replace(/[gy]/g, '')}g`)];
  } catch {
    return undefined;
  }
}
