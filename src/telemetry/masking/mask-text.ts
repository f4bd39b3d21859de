import { ownFields } from 'openai-traces-viewer/shared/own-fields.ts';
import { MASKED_KINDS, type MaskedKind } from '../../config/config.ts';
import { notice } from '../../diagnostics/report.ts';
import { isPlainObject } from '../../util/payload.ts';
import { classNameOf } from '../outcomes/failure.ts';
import { findPrivate, type MaskedSpan, type Search, searchFor } from './find-private.ts';

/** What `maskingHook` and `maskText` mask. With malformed options, they mask all content. */
export interface MaskingOptions {
  /** Which kinds to find. Default: `email`, `phone`, `card` and `key`. */
  readonly kinds?: readonly MaskedKind[] | undefined;
  /** Your own patterns, by the name that replaces matches: `{ order: /\bORD-\d{6}\b/ }` gives `[order]`. */
  readonly patterns?: Readonly<Record<string, RegExp>> | undefined;
}

/** One of the program's patterns, with flag `g` and without flag `y`. The name replaces what it matches. */
type OwnPattern = readonly [name: string, pattern: RegExp];

export interface Mask {
  readonly search: Search;
  readonly patterns: readonly OwnPattern[];
  /** The field of a completion that is masked, for a message. */
  readonly field?: string;
}

/** Replaces everything that the mask finds with its kind or name in brackets, such as `[email]`. */
export function maskWith(mask: Mask, text: string): string {
  return maskPieces(mask, [text])[0] ?? '';
}

/**
 * Masks texts that may be pieces of one text, such as tokens. Also finds what spans several pieces. If a pattern fails,
 * such as one of the program that runs out of stack, the text is left out.
 */
export function maskPieces(mask: Mask, pieces: readonly string[]): string[] {
  try {
    return maskedPieces(mask, pieces);
  } catch (error) {
    noticeFailure(mask.field ?? 'maskText', error);
    return pieces.map((_, index) => (index === 0 ? '[masked]' : ''));
  }
}

export function noticeFailure(field: string, error: unknown): void {
  notice('masking_failed', field, classNameOf(error) ?? typeof error);
}

function maskedPieces(mask: Mask, pieces: readonly string[]): string[] {
  const joined = pieces.join('');
  const spans = spansIn(mask, joined, 0);
  let length = 0;
  for (const piece of pieces) {
    if (pieces.length > 1) spans.push(...spansIn(mask, piece, length));
    length += piece.length;
  }
  spans.sort((one, other) => one.start - other.start);
  let next = 0;
  let end = 0;
  let masked = 0;
  return pieces.map((piece) => {
    const start = end;
    end += piece.length;
    let shown = '';
    for (let span = spans[next]; span !== undefined && span.start < end; span = spans[++next]) {
      // Overlapping spans are replaced together, by the name of the first.
      if (span.start >= masked) shown += `${joined.slice(Math.max(start, masked), span.start)}[${span.name}]`;
      masked = Math.max(masked, span.end);
    }
    return shown + joined.slice(Math.max(start, masked), end);
  });
}

function spansIn({ search, patterns }: Mask, text: string, offset: number): MaskedSpan[] {
  const own = patterns.flatMap(([name, pattern]) =>
    Array.from(text.matchAll(pattern), ({ index, 0: found }) => ({
      name,
      start: index,
      end: index + found.length,
    })),
  );
  return [...own, ...findPrivate(text, search)]
    .filter(({ start, end }) => end > start)
    .map(({ name, start, end }) => ({ name, start: start + offset, end: end + offset }));
}

/** Parses the options. If they are malformed, reports that once and returns `undefined`: all content must be masked. */
export function readMask(options: unknown): Mask | undefined {
  try {
    return parseMask(options ?? {});
  } catch {
    notice(
      'option_not_accepted',
      `masking options are malformed; accepted: kinds, a list of ${MASKED_KINDS.join(', ')}, and patterns, an object of ` +
        'regular expressions. All content is masked.',
    );
    return undefined;
  }
}

function parseMask(options: unknown): Mask {
  const { kinds, patterns, ...others } = ownFields(plain(options)) as Readonly<
    Record<keyof MaskingOptions, unknown>
  >;
  if (Object.values(others).some((value) => value !== undefined)) throw new TypeError('unknown option');
  const given = kinds ?? MASKED_KINDS;
  if (!Array.isArray(given) && !(given instanceof Set)) throw new TypeError('kinds are no list');
  const wanted: ReadonlySet<unknown> = new Set(given);
  const known = new Set(MASKED_KINDS.filter((kind) => wanted.has(kind)));
  if (known.size !== wanted.size) throw new TypeError('unknown kind');
  const named = Object.entries(plain(patterns ?? {})).filter(([, pattern]) => pattern !== undefined);
  return { search: searchFor(known), patterns: named.map(copyPattern) };
}

function plain(value: unknown): object {
  if (!isPlainObject(value)) throw new TypeError('no object');
  return value;
}

/** Copies the pattern, so that it has its own `lastIndex`. */
function copyPattern([name, pattern]: readonly [string, RegExp]): OwnPattern {
  const { source, flags } = pattern;
  if (typeof source !== 'string') throw new TypeError('no pattern');
  // Without the flag `y`: with it, each match would have to begin where the last one ended.
  return [name, new RegExp(source, `${flags.replace(/[gy]/g, '')}g`)];
}
