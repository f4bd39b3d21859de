import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Found } from './causes.ts';

/** How much is compared; what is counted depends on it. */
export type Extent = 'quick' | 'all' | 'full';

/** A difference that is meant: named with both values in one program, or with how often it is there. */
export type Intended = IntendedValues | IntendedCount;

interface IntendedValues {
  readonly program: string;
  readonly subject: string;
  readonly field: string;
  readonly reference: string;
  readonly candidate: string;
  readonly why: string;
}

interface IntendedCount {
  /** Whole, or its first word for all such: `span`. */
  readonly subject: string;
  readonly field: string;
  readonly count: Readonly<Partial<Record<Extent, number>>>;
  readonly why: string;
}

const LIST = new URL('./intended.yaml', import.meta.url);
const VALUES = ['program', 'subject', 'field', 'reference', 'candidate', 'why'];
const COUNT = ['subject', 'field', 'count', 'why'];

/** @throws for an entry that is wider than it may be */
export function readIntended(text: string = readFileSync(LIST, 'utf8')): readonly Intended[] {
  const entries = (parse(text) ?? []) as readonly Record<string, unknown>[];
  for (const entry of entries) {
    const fields = Object.keys(entry).sort().join();
    if (fields !== VALUES.toSorted().join() && fields !== COUNT.toSorted().join())
      throw new Error(`An entry has either ${VALUES} or ${COUNT}, but one has ${Object.keys(entry)}.`);
    for (const [field, value] of Object.entries(entry))
      if (typeof value !== (field === 'count' ? 'object' : 'string') || value === null)
        throw new Error(`${field} of an entry is ${JSON.stringify(value)}: write it in quotes.`);
    if (entry.why === '') throw new Error('An entry does not say why.');
  }
  return entries as unknown as readonly Intended[];
}

export interface Judged {
  readonly unintended: readonly Found[];
  /** Entries that nothing is like any more: they are to be deleted, or the change was lost. */
  readonly stale: readonly Intended[];
}

/** Takes out what is meant. @param programs those that were run: an entry about another says nothing */
export function judge(
  found: readonly Found[],
  intended: readonly Intended[],
  extent: Extent,
  programs: ReadonlySet<string>,
): Judged {
  let unintended = found;
  const stale: Intended[] = [];
  for (const entry of intended) {
    const isMeant = (one: Found): boolean => matches(entry, one);
    const count = unintended.filter(isMeant).length;
    const wanted = 'count' in entry ? entry.count[extent] : undefined;
    if ('count' in entry ? wanted === count && count > 0 : count > 0)
      unintended = unintended.filter((one) => !isMeant(one));
    else if ('count' in entry ? (wanted ?? 0) > 0 : programs.has(entry.program)) stale.push(entry);
  }
  return { unintended, stale };
}

function matches(entry: Intended, { program, subject, field, reference, candidate }: Found): boolean {
  if (entry.field !== field) return false;
  if ('count' in entry) return entry.subject === subject || entry.subject === subject.split(' ')[0];
  const { program: inProgram, subject: about, reference: before, candidate: now } = entry;
  return inProgram === program && about === subject && before === reference && now === candidate;
}
