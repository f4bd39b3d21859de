/** What a viewer inside a program knows of the program's calls in progress. The entries of the package connect the two. */
export interface LiveSource {
  /** Whether the program will export more spans of the trace. */
  isOpen(traceId: string): boolean;
}

let connected: LiveSource | undefined;

export function connectLiveSource(source: LiveSource): void {
  connected = source;
}

/** Whether more spans of the trace will come from this program. A view should wait for them. */
export function isUnderWayHere(traceId: string): boolean {
  return connected?.isOpen(traceId) === true;
}
