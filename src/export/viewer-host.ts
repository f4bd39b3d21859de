import { connectHost } from 'openai-traces-viewer/shared/host.ts';
import { terminalSafe } from 'openai-traces-viewer/shared/terminal-safe.ts';
import { guard, guardAsync, logOnce } from '../util/guard.ts';
import { openTraces } from '../util/open-traces.ts';
import { logsWarnings } from '../util/otel-api.ts';
import { atExit } from '../util/process-events.ts';
import { printToStderr } from '../util/process-warning.ts';
import { readEnvironment } from '../util/variables.ts';

/** The viewer imports nothing of this package. With a listener of its own, it would miss the spans that end at exit. */
export function connectViewer(): void {
  connectHost({ atExit, guard, guardAsync, isOpen: openTraces.isOpen, readEnvironment, report });
}

/** Without a logger for `diag`, the problem goes to standard error. */
function report(key: string, problem: string): void {
  logOnce(key, problem);
  if (!logsWarnings()) printToStderr(terminalSafe(problem));
}
