import { connectHost } from '../src/shared/host.ts';

const endings = new Set<() => void>();
/** The traces in which a span is in progress. */
export const openTraces: Set<string> = new Set();
/** The problems that the program was told about, by key. */
export const reported: Map<string, string> = new Map();

/** Connects a host without a program. The tests of the package use its own (`src/export/viewer-host.ts`). */
connectHost({
  atExit(end) {
    endings.add(end);
    return () => endings.delete(end);
  },
  guard: (_, run) => run(),
  guardAsync: (_, run) => run(),
  isOpen: (traceId) => openTraces.has(traceId),
  readEnvironment: () => globalThis.process?.env ?? {},
  report: (key, problem) => {
    if (!reported.has(key)) reported.set(key, problem);
  },
});

/** Does what is done when the process exits. */
export function exit(): void {
  for (const end of endings) end();
}
