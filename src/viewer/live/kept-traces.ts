import { appendFileSync, chmodSync, lstatSync, statSync } from 'node:fs';
import { type OtlpSpans, readOtlpJson } from '../otlp-json.ts';
import { writePrivately } from '../page-file.ts';
import { fileProblem, LINE_FEED, MAX_FILE_SIZE, readWhole, viewText } from '../trace-file.ts';

/**
 * The file that the command keeps traces in: a request of OTLP on each line, as the Collector's file exporter writes them.
 * It never grows beyond what can be read: its newest half stays when there is no room for more.
 */
export class KeptTraces {
  readonly #path: string;
  readonly #report: (problem: string) => void;
  readonly #maxSize: number;
  #hasFailed = false;

  /** @param report told once that the file cannot be written */
  constructor(path: string, report: (problem: string) => void, maxSize: number = MAX_FILE_SIZE) {
    this.#path = path;
    this.#report = report;
    this.#maxSize = maxSize;
  }

  /**
   * The traces of earlier times. Of a file that is too large, the newest.
   *
   * @throws if they cannot be read, or nothing can be added
   */
  read(): OtlpSpans {
    const found = lstatSync(this.#path, { throwIfNoEntry: false });
    if (found?.isFile() === false) throw new Error('it is not a regular file');
    appendFileSync(this.#path, '', { mode: 0o600 });
    // It may be there already, for others to read.
    chmodSync(this.#path, 0o600);
    const bytes = this.#size > this.#maxSize ? this.#newestHalf() : readWhole(this.#path);
    // The end of a line that was interrupted must not spoil the next one.
    if (bytes.length > 0 && bytes.at(-1) !== LINE_FEED) this.#append('\n');
    return readOtlpJson(viewText(bytes));
  }

  /** Adds a request in the form of OTLP/JSON, or with bytes instead of texts. */
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

  /** The user may empty or delete the file at any time. */
  get #size(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** The newest lines, in up to half of the maximum size. */
  #newestHalf(): Uint8Array {
    const from = Math.ceil(this.#size - this.#maxSize / 2);
    if (from <= 0) return readWhole(this.#path);
    // One byte more tells whether the half begins with a whole line.
    const bytes = readWhole(this.#path, from - 1);
    return bytes.subarray(bytes.indexOf(LINE_FEED) + 1);
  }
}

/** Ids are hexadecimal in OTLP/JSON, and other bytes in base64. A buffer has become an object when it comes here. */
function bytesAsText(this: unknown, key: string, value: unknown): unknown {
  const given = (this as Readonly<Record<string, unknown>>)[key];
  if (!(given instanceof Uint8Array)) return value;
  return Buffer.from(given).toString(/Id$/.test(key) ? 'hex' : 'base64');
}
