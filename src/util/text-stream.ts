/** Where trees are written: `process.stderr` and `process.stdout` are of this shape. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What is used of Node's streams beside that. */
interface Emitter {
  write(text: string, written: (error?: unknown) => void): unknown;
  once(event: 'error', listener: () => void): unknown;
  removeListener(event: 'error', listener: () => void): unknown;
  listenerCount(event: 'error'): number;
}

function ignore(): void {}

/** Writes as Node's console does: what cannot be written is lost, as there is nowhere to say so. */
export function writeTo(stream: TextStream, text: string): void {
  try {
    if (!('once' in stream)) {
      stream.write(text);
      return;
    }
    const emitter = stream as unknown as Emitter;
    emitter.once('error', ignore);
    try {
      emitter.write(text, (error) => {
        // Without this, a stream whose reader has gone away ends the program, by an event that comes after this.
        if (error && emitter.listenerCount('error') === 0) emitter.once('error', ignore);
      });
    } finally {
      emitter.removeListener('error', ignore);
    }
  } catch {
    // Said nowhere: see above.
  }
}
