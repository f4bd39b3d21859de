import { ABSENT, type Difference } from './differences.ts';

/** A difference, and where it was seen. */
export interface Found extends Difference {
  readonly program: string;
  /** The lane and the way to record, for who looks. */
  readonly place: string;
}

/** What has one cause, as far as can be told: the same in many spans is one. */
export interface Cause {
  readonly found: readonly Found[];
}

/** Differences by their cause, the most frequent first. */
export function causesOf(found: readonly Found[]): Cause[] {
  const groups = Map.groupBy(found, causeKey);
  return [...groups.values()]
    .map((group) => ({ found: group }))
    .sort((one, other) => other.found.length - one.found.length);
}

function causeKey({ subject, field, reference, candidate }: Found): string {
  const change = reference === ABSENT ? 'new' : candidate === ABSENT ? 'gone' : 'other';
  const [signal = ''] = subject.split(' ');
  const about = field === '' ? [template(subject), template(reference), template(candidate)] : [signal];
  return JSON.stringify([...about, template(field), change]);
}

/** Texts without the numbers in their ids. */
function template(text: string): string {
  return text.replaceAll(/\d+/g, '#');
}

const LONGEST_VALUE = 120;

/** One line: what differs, how often, and one place to look at. */
export function describeCause({ found }: Cause): string {
  const [example] = found as [Found];
  const { subject, field, program, place } = example;
  const subjects = new Set(found.map((each) => each.subject)).size;
  const programs = new Set(found.map((each) => each.program)).size;
  const values = new Set(found.map(({ reference, candidate }) => JSON.stringify([reference, candidate])))
    .size;
  const change = `${short(example.reference)} → ${short(example.candidate)}`;
  return [
    `${found.length} ×`,
    `${subject}${subjects > 1 ? ` and ${subjects - 1} more` : ''}:`,
    ...(field === '' ? [] : [field]),
    change,
    ...(values > 1 ? [`and ${values - 1} more`] : []),
    `(${program}${programs > 1 ? ` and ${programs - 1} more programs` : ''}; ${place})`,
  ].join(' ');
}

function short(text: string): string {
  return JSON.stringify(text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text);
}
