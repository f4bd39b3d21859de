/** A stream for text, such as `process.stderr` or `process.stdout`. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

function ignore(): void {}

/** Writes to a stream and ignores all errors, as Node's console does: there is nowhere to report them. */
export function writeTo(stream: TextStream, text: string): void {
  try {
    if (!('once' in stream)) {
      stream.write(text);
      return;
    }
    const emitter = stream as unknown as NodeJS.WritableStream;
    emitter.once('error', ignore);
    try {
      emitter.write(text, (error) => {
        // If the reader has gone away, the stream emits `error` after this. Without a listener, that ends the program.
        if (error && emitter.listenerCount('error') === 0) emitter.once('error', ignore);
      });
    } finally {
      emitter.removeListener('error', ignore);
    }
  } catch {
    // There is nowhere to report the error.
  }
}
