import { closeSync, openSync, readSync } from 'node:fs';
import { terminalSafe } from './shared/terminal-safe.ts';

/** The maximum size of a file, in bytes. Parsing a file of this size can take more than 3 GB of memory. */
export const MAX_FILE_SIZE: number = 100 * 2 ** 20;
const CHUNK_SIZE = 2 ** 20;
export const LINE_FEED = 0x0a;

/**
 * Reads a file, which may be a pipe or an endless device.
 *
 * @param file `-` is standard input
 * @param from the first byte to read
 * @throws Error if there are more than {@link MAX_FILE_SIZE} bytes
 */
export function readWhole(file: string, from?: number): Uint8Array {
  const descriptor = file === '-' ? 0 : openSync(file, 'r');
  try {
    let bytes = Buffer.allocUnsafe(CHUNK_SIZE);
    for (let size = 0; ; ) {
      const position = from === undefined ? null : from + size;
      const read = readSync(descriptor, bytes, size, bytes.length - size, position);
      if (read === 0) return bytes.subarray(0, size);
      size += read;
      if (size > MAX_FILE_SIZE)
        throw new Error(
          `${file} is larger than 100 MiB. Split it: OTLP/JSON can have one document per line.`,
        );
      if (size === bytes.length) bytes = Buffer.concat([bytes], size * 2);
    }
  } finally {
    if (descriptor !== 0) closeSync(descriptor);
  }
}

export function viewText(bytes: Uint8Array): string {
  // Older PowerShells redirect output as UTF-16, which begins with this byte order mark.
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}

/** Says why a file could not be read or written. The messages of this package's errors already say it. */
export function fileProblem(path: string, done: 'read' | 'written', error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code !== 'string') return terminalSafe(String(message ?? error));
  // The message of a system error has the form `ENOENT: no such file or directory, open 'traces.json'`.
  const [, reason = code] = /^\w+: ([^,]+)/.exec(String(message)) ?? [];
  return terminalSafe(`${path} cannot be ${done}: ${reason}.`);
}
