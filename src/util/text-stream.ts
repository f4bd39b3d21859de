import { NAME } from './version.ts';

/** A stream for text, such as `process.stderr` or `process.stdout`. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** The further part of Node's streams that is used here. */
interface Emitter {
  write(text: string, written: (error?: unknown) => void): unknown;
  once(event: 'error', listener: () => void): unknown;
  removeListener(event: 'error', listener: () => void): unknown;
  listenerCount(event: 'error'): number;
}

function ignore(): void {}

/** Writes to a stream and ignores all errors, as Node's console does: there is nowhere to report them. */
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
    // Ignored: see above.
  }
}

/** Prints a line for the user. A runtime without a standard error is another error that is ignored. */
export function printToStderr(message: string): void {
  writeTo(globalThis.process?.stderr, `${NAME}: ${message}\n`);
}
