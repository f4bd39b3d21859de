import { appendFileSync, chmodSync, lstatSync, statSync } from 'node:fs';
import { type OtlpSpans, readOtlpJson } from '../otlp-json.ts';
import { writePrivately } from '../page-file.ts';
import { fileProblem, LINE_FEED, MAX_FILE_SIZE, readWhole, viewText } from '../trace-file.ts';

/**
 * The file in which the command keeps traces: one OTLP request per line, as the Collector's file exporter writes them.
 * The file never exceeds the size that can be read back. When it is full, only its newest half is kept.
 */
export class KeptTraces {
  readonly #path: string;
  readonly #report: (problem: string) => void;
  readonly #maxSize: number;
  #hasFailed = false;

  /** @param report called when the file cannot be written, and not again until writing has succeeded */
  constructor(path: string, report: (problem: string) => void, maxSize: number = MAX_FILE_SIZE) {
    this.#path = path;
    this.#report = report;
    this.#maxSize = maxSize;
  }

  /**
   * The traces kept by earlier runs. If the file is too large, only the newest ones.
   *
   * @throws if the file cannot be read, or nothing can be added to it
   */
  read(): OtlpSpans {
    const found = lstatSync(this.#path, { throwIfNoEntry: false });
    if (found?.isFile() === false) throw new Error(`${this.#path} is not a regular file.`);
    appendFileSync(this.#path, '', { mode: 0o600 });
    const bytes = this.#size > this.#maxSize ? this.#newestHalf() : readWhole(this.#path);
    const text = viewText(bytes);
    // Read line by line, as it will be when there are more lines. Other files, such as package.json, stay as they are.
    const kept = readOtlpJson(`${text}\n{}`);
    if (kept.spans.length === 0 && text.trim() !== '')
      throw new Error(`${this.#path} has no OTLP/JSON with spans in a line, so nothing is added to it.`);
    // If the file existed already, others may have been able to read it.
    chmodSync(this.#path, 0o600);
    // An interrupted write may have left a line without an end. The next line must not be appended to it.
    if (bytes.length > 0 && bytes.at(-1) !== LINE_FEED) this.#append('\n');
    return kept;
  }

  /** Adds a request: OTLP/JSON, or the same structure with bytes in place of ids and base64. */
  add(request: unknown): void {
    try {
      const line = `${JSON.stringify(request, bytesAsText)}\n`;
      const size = Buffer.byteLength(line);
      if (size > this.#maxSize / 2) throw new Error(`A request was too large to be kept in ${this.#path}.`);
      if (this.#size + size > this.#maxSize) writePrivately(this.#path, this.#newestHalf());
      this.#append(line);
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) this.#report(fileProblem(this.#path, 'written', error));
      this.#hasFailed = true;
    }
  }

  #append(text: string): void {
    appendFileSync(this.#path, text, { mode: 0o600 });
  }

  /** The size of the file now. Read each time, because the user may empty or delete the file at any time. */
  get #size(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** The newest whole lines, up to half of the maximum size. */
  #newestHalf(): Uint8Array {
    const from = Math.ceil(this.#size - this.#maxSize / 2);
    if (from <= 0) return readWhole(this.#path);
    // The byte before this half shows whether the half begins with a whole line.
    const bytes = readWhole(this.#path, from - 1);
    return bytes.subarray(bytes.indexOf(LINE_FEED) + 1);
  }
}

/** Converts ids to hexadecimal and other bytes to base64. `value` is what a buffer's `toJSON` returned. */
function bytesAsText(this: unknown, key: string, value: unknown): unknown {
  const given = (this as Readonly<Record<string, unknown>>)[key];
  if (!(given instanceof Uint8Array)) return value;
  return Buffer.from(given).toString(/Id$/.test(key) ? 'hex' : 'base64');
}
