import { writeTo } from 'openai-traces-viewer/shared/text-stream.ts';
import { NAME } from './version.ts';

let isExiting = false;

/** From now on, warnings are emitted at once: `process.emitWarning` waits for a tick, which an exiting process never has. */
export function emitWarningsAtOnce(): void {
  isExiting = true;
}

/** Warns the program as Node warns it. Some runtimes lack the function, or throw when it is called. */
export function emitWarning(message: string): void {
  const line = `${NAME}: ${message}`;
  try {
    if (isExiting) process.emit('warning', Object.assign(new Error(line), { name: 'Warning' }));
    else process.emitWarning(line);
  } catch {
    printToStderr(message);
  }
}

export function printToStderr(message: string): void {
  writeTo(globalThis.process?.stderr, `${NAME}: ${message}\n`);
}
