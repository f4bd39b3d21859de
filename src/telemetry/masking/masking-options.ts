import { MASKED_KINDS, type MaskedKind } from '../../config/config.ts';
import { notice } from '../../diagnostics/report.ts';
import { asObject, field, isPlainObject } from '../../util/payload.ts';
import type { Mask, OwnPattern } from './mask-text.ts';

/** What `maskingHook` and `maskText` mask. With malformed options, they mask all content. */
export interface MaskingOptions {
  /** Which kinds to find. Default: `email`, `phone`, `card` and `key`, also if one of the given kinds is unknown. */
  readonly kinds?: readonly MaskedKind[] | undefined;
  /** Patterns of your own, by the name that replaces what they match: `{ order: /\bORD-\d{6}\b/ }` gives `[order]`. */
  readonly patterns?: Readonly<Record<string, RegExp>> | undefined;
}

const MASKING_OPTION_NAMES: readonly string[] = ['kinds', 'patterns'];

/**
 * Reads the options of untyped programs, too. What is wrong is reported once.
 *
 * @returns `undefined` if they do not tell what to mask, so that nothing may be shown
 */
export function readMask(options: unknown): Mask | undefined {
  if (options === undefined || options === null) return { kinds: new Set(MASKED_KINDS), patterns: [] };
  if (!isPlainObject(options)) {
    reportMasking('options are malformed', 'objects with kinds and patterns');
    return undefined;
  }
  const unknown = Object.keys(options).filter(
    (name) => !MASKING_OPTION_NAMES.includes(name) && field(options, name) !== undefined,
  );
  for (const name of unknown)
    reportMasking(`option ${name.slice(0, 80)} is unknown`, MASKING_OPTION_NAMES.join(', '));
  const kinds = readKinds(field(options, 'kinds') ?? MASKED_KINDS);
  const patterns = readPatterns(field(options, 'patterns') ?? {});
  return unknown.length > 0 || patterns === undefined ? undefined : { kinds, patterns };
}

function readKinds(given: unknown): ReadonlySet<MaskedKind> {
  const kinds: ReadonlySet<unknown> = new Set(Array.isArray(given) || given instanceof Set ? given : [given]);
  const known = MASKED_KINDS.filter((kind) => kinds.has(kind));
  if (typeof given === 'object' && known.length === kinds.size) return new Set(known);
  reportMasking(
    'option kinds is malformed',
    `lists of ${MASKED_KINDS.join(', ')}`,
    'All of these are masked.',
  );
  return new Set(MASKED_KINDS);
}

function readPatterns(given: unknown): readonly OwnPattern[] | undefined {
  const entries = Object.entries(asObject(given) ?? {}).filter(([, pattern]) => pattern !== undefined);
  const read = isPlainObject(given) ? entries.map(readPattern) : [undefined];
  const patterns = read.filter((pattern) => pattern !== undefined);
  if (patterns.length === read.length) return patterns;
  reportMasking('option patterns is malformed', 'objects of regular expressions');
  return undefined;
}

/** A copy, which has its own `lastIndex`. */
function readPattern([name, given]: readonly [string, unknown]): OwnPattern | undefined {
  const [source, flags] = [field(given, 'source'), field(given, 'flags')];
  if (typeof source !== 'string' || typeof flags !== 'string') return undefined;
  try {
    // A sticky pattern finds nothing beyond the first match.
    return { name, pattern: new RegExp(source, `${flags.replace(/[gy]/g, '')}g`) };
  } catch {
    return undefined;
  }
}

function reportMasking(problem: string, accepted: string, effect: string = 'All content is masked.'): void {
  notice('option_not_accepted', `masking ${problem}; accepted: ${accepted}. ${effect}`);
}
