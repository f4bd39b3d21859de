import type { Finding } from '../test/scale/measure.ts';
import type { Case } from './cases/index.ts';
import type { Kept } from './measures/kept.ts';
import { GROUPS, type Profiled } from './measures/profile.ts';
import type { SamplesByVariant } from './measures/rounds.ts';
import { type Estimate, estimate, fastest, paired } from './statistics.ts';
import type { Signals } from './telemetry.ts';
import { BARE, CONTROL, NONE, OURS, SAME_BY_HAND } from './variants/index.ts';

/** The samples of one case. */
export interface CaseSamples {
  readonly measured: Pick<Case, 'name' | 'title'>;
  readonly samples: SamplesByVariant;
}

/** The telemetry of one operation, by variant. */
export type SignalsByVariant = ReadonlyMap<string, Signals>;

const NOTHING = '–';

type Row = readonly string[];

export function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}

function valuesOf(samples: SamplesByVariant, name: string): readonly number[] | undefined {
  const { values = [] } = samples.get(name) ?? {};
  return values.length > 0 ? values : undefined;
}

/** Formats a ratio: `1.21 [1.19–1.24]`. */
export function ratio({ value, low, high }: Estimate): string {
  return `${value.toFixed(2)} [${low.toFixed(2)}–${high.toFixed(2)}]`;
}

/** Formats a difference: `+12 [9–15]`. */
export function added({ value, low, high }: Estimate, digits: number): string {
  return `${signed(value, digits)} [${low.toFixed(digits)}–${high.toFixed(digits)}]`;
}

/** Formats a number with its sign: `+12`. */
export function signed(value: number, digits: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
}

const divide = (sample: number, base: number): number => sample / base;
const subtract = (sample: number, base: number): number => sample - base;

function timeOf(samples: SamplesByVariant, name: string): number | undefined {
  const values = valuesOf(samples, name);
  return values === undefined ? undefined : fastest(values);
}

/** Processor time: ratios to `none`, and this package's ratio to the variant that records the same by hand. */
export function cpuTable(cases: readonly CaseSamples[]): string {
  const rows = cases.map(({ measured, samples }) => {
    const compare = (name: string, baseName: string = NONE.name): string => {
      const time = timeOf(samples, name);
      const base = timeOf(samples, baseName);
      return time === undefined || base === undefined ? NOTHING : (time / base).toFixed(2);
    };
    const none = timeOf(samples, NONE.name);
    const ours = timeOf(samples, OURS);
    return [
      measured.title,
      none?.toFixed(0) ?? NOTHING,
      compare(CONTROL.name),
      compare(BARE.name),
      compare(SAME_BY_HAND.name),
      compare(OURS),
      none === undefined || ours === undefined ? NOTHING : signed(ours - none, 0),
      compare(OURS, SAME_BY_HAND.name),
    ];
  });
  return table(
    [
      '',
      'none, µs',
      'none, again',
      'bare',
      'the same by hand',
      'this package',
      'this package, µs',
      'this package ÷ by hand',
    ],
    rows,
  );
}

/** Bytes allocated by one operation: by `none`, and how many the others add. */
export function bytesTable(cases: readonly CaseSamples[]): string {
  const rows = cases.map(({ measured, samples }) => {
    const none = valuesOf(samples, NONE.name);
    const more = (name: string): string => {
      const values = valuesOf(samples, name);
      if (values === undefined || none === undefined) return NOTHING;
      return signed(paired(values, none, subtract).value / 1_000, 1);
    };
    const base = none === undefined ? NOTHING : (estimate(none).value / 1_000).toFixed(1);
    return [measured.title, base, more(CONTROL.name), more(BARE.name), more(SAME_BY_HAND.name), more(OURS)];
  });
  return table(['', 'none, kB', 'none, again', 'bare', 'the same by hand', 'this package'], rows);
}

/** Microseconds of one operation, by the package whose code ran. */
export function profileTable(profiles: readonly Profiled[]): string {
  const sum = (times: Profiled['times']): number =>
    Object.values(times).reduce((left, right) => left + right, 0);
  return table(
    ['', ...GROUPS, 'all'],
    profiles.map(({ variant, times }) => [
      variant,
      ...GROUPS.map((group) => (times[group] ?? 0).toFixed(1)),
      sum(times).toFixed(1),
    ]),
  );
}

/** A table with one row per variant, for samples in one unit. */
export function variantTable(samples: SamplesByVariant, unit: string, digits: number): string {
  const none = valuesOf(samples, NONE.name);
  const rows = [...samples].map(([name, { values, failure }]) => {
    if (failure !== undefined || values.length === 0) return [name, NOTHING, NOTHING, NOTHING];
    const { value } = estimate(values);
    if (none === undefined || name === NONE.name) return [name, value.toFixed(digits), NOTHING, NOTHING];
    return [
      name,
      value.toFixed(digits),
      added(paired(values, none, subtract), digits),
      ratio(paired(values, none, divide)),
    ];
  });
  return table(['', unit, 'over none', '÷ none'], rows);
}

/** How much more memory a program keeps after many calls than after few. */
export function keptTable(kept: readonly Kept[]): string {
  return table(
    ['', 'variant', 'growth after 1,000 calls, kB', 'open spans'],
    kept.map(({ measured, variant, few, all, open }) => [
      measured,
      variant,
      ((all - few) / 1_000).toFixed(0),
      String(open),
    ]),
  );
}

/** The finding of a scenario of `test/scale`. */
export interface Scaled {
  readonly title: string;
  readonly finding: Finding;
}

export function scaleTable(scaled: readonly Scaled[]): string {
  return table(
    ['', 'calls, 20 open', 'calls, all open', 'most open spans', 'at the end', 'kept, kB'],
    scaled.map(({ title, finding: { few, many, openAtMost, openAtEnd, growth } }) => [
      title,
      few.toFixed(0),
      many.toFixed(0),
      String(openAtMost),
      String(openAtEnd),
      (growth / 1_000).toFixed(0),
    ]),
  );
}

/** The peers in all cases, with `none`, `bare` and this package. */
export function peersTable(cases: readonly CaseSamples[], missing: ReadonlyMap<string, string>): string {
  const all = cases.flatMap(({ samples }) => [...samples.keys()]);
  const names = [...new Set(all)].filter((name) => name !== NONE.name);
  const rows = names.map((name) => [name, ...cases.map(({ samples }) => peerCell(samples, name))]);
  const absent = [...missing].map(([name]) => [name, 'not installed', ...cases.slice(1).map(() => '')]);
  return table(['', ...cases.map(({ measured }) => measured.title)], [...rows, ...absent]);
}

function peerCell(samples: SamplesByVariant, name: string): string {
  const { failure, spans } = samples.get(name) ?? {};
  if (failure !== undefined) return 'fails';
  const none = timeOf(samples, NONE.name);
  const time = timeOf(samples, name);
  if (none === undefined || time === undefined) return NOTHING;
  return spans === 0 && name !== CONTROL.name ? 'records nothing' : (time / none).toFixed(2);
}

/** What each package records for an operation, and how long that takes: `1 + 17 + 3 + 0: 1.9 µs`. */
export function signalsTable(
  cases: readonly (CaseSamples & { readonly signals: SignalsByVariant })[],
): string {
  const names = [...new Set(cases.flatMap(({ signals }) => [...signals.keys()]))];
  const rows = names.map((name) => [
    name,
    ...cases.map(({ samples, signals }) => signalsCell(signals.get(name), samples, name)),
  ]);
  return table(['', ...cases.map(({ measured }) => measured.title)], rows);
}

function signalsCell(signals: Signals | undefined, samples: SamplesByVariant, name: string): string {
  const none = timeOf(samples, NONE.name);
  const time = timeOf(samples, name);
  if (signals === undefined || none === undefined || time === undefined) return NOTHING;
  const { spans, attributes, points, logRecords } = signals;
  // Some packages record something other than OpenTelemetry's signals.
  if (spans === 0) return samples.get(name)?.spans === 0 ? 'records nothing' : NOTHING;
  const error = Math.abs((timeOf(samples, CONTROL.name) ?? none) - none);
  const each = (time - none) / (spans + attributes + points + logRecords);
  return `${spans} + ${attributes} + ${points} + ${logRecords}: ${time - none > error ? `${each.toFixed(1)} µs` : 'within the error'}`;
}

/** Why a variant is not in a table. */
export function failures(cases: readonly CaseSamples[]): string[] {
  return cases.flatMap(({ measured, samples }) =>
    [...samples].flatMap(([name, { failure }]) =>
      failure === undefined ? [] : [`${name}, ${measured.title}: ${failure}`],
    ),
  );
}
