import type { Account } from '../../test/support/accounting/ledger.ts';

/** The state of the program between two pieces of work, when nothing is in progress. */
export interface Checkpoint {
  readonly operations: number;
  /** The bytes of the heap in use after garbage collection. */
  readonly heap: number;
  /** The number of resources that keep the event loop alive, such as sockets and timers. */
  readonly handles: number;
  readonly openSpans: number;
}

export interface SoakReport {
  readonly operations: number;
  readonly answered: number;
  readonly failed: number;
  readonly seconds: number;
  readonly account: Account;
  /** The number of spans that the receiver has counted. */
  readonly taken: number;
  readonly checkpoints: readonly Checkpoint[];
  readonly unhandled: number;
}

/** The bytes by which the heap may differ between the first and the last checkpoint after the warm-up. */
function heapTolerance(operations: number): number {
  return Math.min(4, operations / 2_500) * 2 ** 20;
}

const MOST_HANDLES = 40;

/** The checkpoints after the caches are full. */
function settledOf({ checkpoints }: SoakReport): readonly Checkpoint[] {
  return checkpoints.slice(Math.floor(checkpoints.length * 0.3));
}

export function growthOf(report: SoakReport): number {
  const [first] = settledOf(report);
  const last = report.checkpoints.at(-1);
  return first === undefined || last === undefined ? Number.NaN : last.heap - first.heap;
}

/** The problems in a report. */
export function findings(report: SoakReport): string[] {
  const { account, taken, operations, answered, failed, unhandled, checkpoints } = report;
  const found: string[] = [];
  const expect = (holds: boolean, finding: string): void => void (holds || found.push(finding));
  expect(
    answered + failed === operations,
    `${operations - answered - failed} operations have not come to an end.`,
  );
  expect(answered > operations / 2, `Only ${answered} operations were answered.`);
  expect(failed > 0, 'No operation has failed: nothing was injected.');
  expect(unhandled === 0, `${unhandled} rejections were not handled.`);
  expect(
    account.open.length === 0,
    `${account.open.length} spans are open: ${account.open.slice(0, 10).join(', ')}`,
  );
  expect(account.started === account.ended, `${account.started} spans were started, ${account.ended} ended.`);
  expect(account.delivered === taken, `${account.delivered} spans were delivered, ${taken} received.`);
  const lost = account.failed + account.dropped + account.refused;
  expect(
    account.delivered + lost === account.ended,
    `${account.ended - account.delivered - lost} spans are unaccounted for.`,
  );
  expect(account.dropped > 0 || operations < 5_000, 'The circuit breaker has never been open.');
  expect(growthOf(report) < heapTolerance(operations), `The heap has grown by ${growthOf(report)} bytes.`);
  const handles = Math.max(...checkpoints.map((checkpoint) => checkpoint.handles));
  expect(handles <= MOST_HANDLES, `There were ${handles} handles.`);
  return found;
}

/** Renders the section of `docs/reliability.md`. */
export function soakTable(report: SoakReport, date: string): string {
  const { account, operations, answered, failed, seconds, taken, checkpoints } = report;
  const number = (value: number): string => value.toLocaleString('en-US');
  const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  const heaps = settledOf(report).map(({ heap }) => heap);
  const rows: readonly (readonly [string, string])[] = [
    ['operations', number(operations)],
    ['of which the API answered', number(answered)],
    ['of which it failed', number(failed)],
    ['operations per second', number(Math.round(operations / seconds))],
    ['spans started', number(account.started)],
    ['spans ended', number(account.ended)],
    ['spans received by the backend', number(taken)],
    ['spans that an export lost, counted by the exporter', number(account.failed)],
    ['spans that the circuit breaker dropped, by its own count', number(account.dropped)],
    ["spans that the SDK's queue refused, by the SDK's own count", number(account.refused)],
    [
      'spans unaccounted for',
      number(account.ended - taken - account.failed - account.dropped - account.refused),
    ],
    [
      'heap in use after warm-up: minimum, maximum',
      heaps.length === 0 ? '' : `${megabytes(Math.min(...heaps))}, ${megabytes(Math.max(...heaps))}`,
    ],
    [
      'heap growth from warm-up to the end',
      `${growthOf(report) < 0 ? '−' : '+'}${megabytes(Math.abs(growthOf(report)))}`,
    ],
    ['most handles', number(Math.max(...checkpoints.map(({ handles }) => handles)))],
  ];
  return [
    `Run on ${date}, Node ${process.versions.node}.`,
    '',
    '| | |',
    '| --- | ---: |',
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
  ].join('\n');
}
