/** What the package that bundles the viewer does for it: the viewer imports nothing of that package. */
export interface Host {
  /** Calls a function when the process exits, after the spans that end then. The returned function cancels this. */
  atExit(end: () => void): () => void;
  /** Runs a function whose errors must not reach the program. */
  guard(where: string, run: () => void): void;
  guardAsync(where: string, run: () => Promise<void>): Promise<void>;
  /** Whether the program will export more spans of the trace. */
  isOpen(traceId: string): boolean;
  /** The variables of the process. One that cannot be read counts as not set. */
  readEnvironment(): NodeJS.ProcessEnv;
  /** Tells the program about a problem, once for each key. */
  report(key: string, problem: string): void;
}

let connected: Host | undefined;

/** Call this before the first view is created. */
export function connectHost(given: Host): void {
  connected = given;
}

export function host(): Host {
  if (connected === undefined) throw new Error('The viewer has no host: call connectHost first.');
  return connected;
}
