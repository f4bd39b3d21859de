import { terminalSafe } from 'openai-traces-viewer/shared/terminal-safe.ts';
import { guard, log, warn } from '../util/guard.ts';
import { diagLogger, logsWarnings } from '../util/otel-api.ts';
import { atExit } from '../util/process-events.ts';
import { ProcessWide } from '../util/process-state.ts';
import { emitWarningsAtOnce, printToStderr } from '../util/process-warning.ts';
import { onVariableRefused } from '../util/variables.ts';
import { describeFinding, type Finding, type ProcessFindingCode } from './findings.ts';

const MAX_FINDINGS = 100;
/** The maximum length of a line. Findings quote versions, paths and options, which may be long. */
const MAX_LOGGED_LENGTH = 4_000;

/** A mistake in the program's set-up that changes what is recorded. It is never left to `diag` alone. */
const MISTAKE: ProcessFindingCode = 'option_not_accepted';

interface Notices {
  readonly findings: Map<string, Finding>;
  readonly said: Set<string>;
  /** Whether findings are logged already. False until the first call: before that, there may be no logger. */
  speaking: boolean;
}

const notices = new ProcessWide<Notices>('notices', () => ({
  findings: new Map(),
  said: new Set(),
  speaking: false,
}));
onVariableRefused((name) => notice('variable_refused', name));

/** Findings whose details grow with time. Only the first version is logged; the newest is kept for `doctor()`. */
const GROWING: readonly ProcessFindingCode[] = ['openai_twice', 'package_twice', 'reads_skipped'];

/**
 * Keeps a finding for `doctor()`, and logs it once through `diag`, but not before the first call is made.
 *
 * @returns the finding; `undefined` if there are too many already
 */
export function notice(code: ProcessFindingCode, ...details: readonly string[]): Finding | undefined {
  return guard('recording a finding', keep, code, details);
}

function keep(code: ProcessFindingCode, details: readonly string[]): Finding | undefined {
  const { findings, speaking } = notices.value;
  const grows = GROWING.includes(code);
  const key = grows ? code : [code, ...details].join('\n');
  const known = findings.get(key);
  if ((known && !grows) || findings.size >= MAX_FINDINGS) return known;
  const finding = describeFinding(code, ...details);
  findings.set(key, finding);
  if (speaking && !known) logFinding(finding);
  return finding;
}

/** Logs the findings so far, when the first call is made: programs often set up a logger late. */
export function logFindings(): void {
  const all = notices.value;
  if (all.speaking) return;
  all.speaking = true;
  for (const finding of all.findings.values()) logFinding(finding);
}

/** Logs the findings so far while the program sets the instrumentation up, if there is a logger by then. */
export function logFindingsEarly(): void {
  if (diagLogger() !== undefined) logFindings();
}

/** Makes a program that makes no call hear of its mistakes when it exits. */
export function logMistakesAtExit(): void {
  atExit(logMistakes);
}

function logMistakes(): void {
  emitWarningsAtOnce();
  for (const finding of noticed()) if (finding.code === MISTAKE) logFinding(finding);
}

export function logFinding(finding: Finding): void {
  const { said } = notices.value;
  const line = lineOf(finding);
  if (said.has(line) || said.size >= MAX_FINDINGS) return;
  const isMistake = finding.code === MISTAKE;
  if (logsWarnings() || (isMistake && diagLogger() === undefined)) said.add(line);
  if (isMistake) warn(line);
  else log(finding.severity === 'warning' ? 'warn' : 'info', line);
}

/**
 * Prints a warning once: through `diag`, or on standard error if `diag` has no logger for it. For problems that keep a
 * program from being traced at all, since nothing else would report them.
 */
export function printFinding(finding: Finding): void {
  if (logsWarnings()) logFinding(finding);
  const { said } = notices.value;
  const line = lineOf(finding);
  if (said.has(line)) return;
  said.add(line);
  printToStderr(line);
}

function lineOf({ message, action }: Finding): string {
  return terminalSafe(`${message} ${action}`, MAX_LOGGED_LENGTH);
}

/** The oldest come first. */
export function noticed(): Finding[] {
  return [...notices.value.findings.values()];
}
