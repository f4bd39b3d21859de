import { MASKED_KINDS, type MaskedKind } from '../../config/config.ts';
import { notice } from '../../diagnostics/report.ts';
import { asObject, field, isPlainObject } from '../../util/payload.ts';
import { findPrivate } from './find-private.ts';

/** What `maskingHook` and `maskText` mask. With malformed options, they mask all content. */
export interface MaskingOptions {
  /** Which kinds to find. Default: `email`, `phone`, `card` and `key`. */
  readonly kinds?: readonly MaskedKind[] | undefined;
  /** Patterns of your own, by the name that replaces what they match: `{ order: /\bORD-\d{6}\b/ }` gives `[order]`. */
  readonly patterns?: Readonly<Record<string, RegExp>> | undefined;
}

/** A pattern of the program. */
export interface OwnPattern {
  /** What stands in place of what is found, in brackets. */
  readonly name: string;
  /** With the flag `g`, and without `y`. */
  readonly pattern: RegExp;
}

/** What is masked. */
export interface Mask {
  readonly kinds: ReadonlySet<MaskedKind>;
  readonly patterns: readonly OwnPattern[];
}

/** What stands in place of a part of a text: the end is exclusive. */
interface MaskedSpan {
  readonly name: string;
  readonly start: number;
  end: number;
}

/** Replaces all that is found by its kind in brackets: `[email]`. */
export function maskWith(mask: Mask, text: string): string {
  return maskPieces(mask, [text])[0] ?? '';
}

/** Masks texts that may be pieces of a longer one, such as the tokens of an answer: in each piece, and across them. */
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

/** Everything to be masked in a text: what the program's own patterns match, and what is known. */
function spansIn({ kinds, patterns }: Mask, text: string, offset: number): MaskedSpan[] {
  const own = patterns.flatMap(({ name, pattern }) =>
    [...text.matchAll(pattern)].map(({ index, 0: { length } }) => ({
      name,
      start: index,
      end: index + length,
    })),
  );
  const found = findPrivate(text, kinds).map(({ kind, start, end }) => ({ name: kind, start, end }));
  return [...own, ...found]
    .filter(({ start, end }) => end > start)
    .map(({ name, start, end }) => ({ name, start: start + offset, end: end + offset }));
}

/** In the order of the text. What overlaps is one span, with the name of the first. */
function withoutOverlaps(spans: readonly MaskedSpan[]): MaskedSpan[] {
  const apart: MaskedSpan[] = [];
  for (const span of spans.toSorted((one, other) => one.start - other.start)) {
    const last = apart.at(-1);
    if (last === undefined || span.start >= last.end) apart.push(span);
    else last.end = Math.max(last.end, span.end);
  }
  return apart;
}

const MASK_MEMBERS: readonly string[] = ['kinds', 'patterns'] satisfies (keyof MaskingOptions)[];

/**
 * Reads the options of untyped programs, too. What is wrong is reported once.
 *
 * @returns `undefined` if they do not tell what to mask, so that nothing may be shown
 */
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
  return areKnown && kinds && patterns ? { kinds, patterns } : undefined;
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
  const patterns = entries.flatMap((entry) => parsePattern(entry) ?? []);
  return patterns.length === entries.length ? patterns : undefined;
}

/** A copy, which has its own `lastIndex`. */
function parsePattern([name, given]: readonly [string, unknown]): OwnPattern | undefined {
  const [source, flags] = [field(given, 'source'), field(given, 'flags')];
  if (typeof source !== 'string' || typeof flags !== 'string') return undefined;
  try {
    // A sticky pattern finds nothing beyond the first match.
    return { name, pattern: new RegExp(source, `${flags.replace(/[gy]/g, '')}g`) };
  } catch {
    return undefined;
  }
}
