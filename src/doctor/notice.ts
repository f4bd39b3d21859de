import { harmless } from '../export/harmless.ts';
import { log } from '../guard.ts';
import { NAME } from '../version.ts';
import type { Finding, FindingCode } from './finding.ts';
import { describeFinding } from './findings.ts';

const MOST = 100;
/** Characters of a line: findings quote versions, paths and options, which others have written. */
const MAX_LINE_LENGTH = 4_000;

/** What has been noticed in this process, by all builds of this package. */
interface Notices {
  readonly findings: Map<string, Finding>;
  readonly said: Set<string>;
  /** Until the first call, there may be no logger yet. */
  speaking: boolean;
}

const NOTICES: symbol = Symbol.for(`${NAME}.notices`);

function notices(): Notices {
  const holder = globalThis as Record<symbol, unknown>;
  holder[NOTICES] ??= { findings: new Map(), said: new Set(), speaking: false } satisfies Notices;
  return holder[NOTICES] as Notices;
}

/** Keeps a finding for `doctor()`, and says it through `diag`: once, and not before the first call is made. */
export function notice(code: FindingCode, ...details: readonly string[]): void {
  const { findings, speaking } = notices();
  const key = [code, ...details].join('\n');
  if (findings.has(key) || findings.size >= MOST) return;
  const finding = describeFinding(code, ...details);
  findings.set(key, finding);
  if (speaking) say(finding);
}

/** Says what has been noticed so far: a logger is set up after instrumentations are. */
export function speak(): void {
  const all = notices();
  if (all.speaking) return;
  all.speaking = true;
  for (const finding of all.findings.values()) say(finding);
}

/** Says a finding through `diag`, once. */
export function say(finding: Finding): void {
  const { said } = notices();
  const line = harmless(`${finding.message} ${finding.action}`, MAX_LINE_LENGTH);
  if (said.has(line) || said.size >= MOST) return;
  said.add(line);
  log(finding.severity === 'warning' ? 'warn' : 'info', line);
}

/** What has been noticed so far, oldest first. */
export function noticed(): Finding[] {
  return [...notices().findings.values()];
}

/** As when the process began: for tests. */
export function forgetNotices(): void {
  delete (globalThis as Record<symbol, unknown>)[NOTICES];
}
