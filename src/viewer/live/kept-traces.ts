import { appendFileSync, chmodSync, lstatSync, statSync } from 'node:fs';
import { type OtlpSpans, readOtlpJson } from '../otlp-json.ts';
import { fileProblem, MAX_FILE_SIZE, readWhole, viewText } from '../trace-file.ts';

/** The file that the command keeps traces in: a request of OTLP on each line, as the Collector's file exporter writes them. */
export class KeptTraces {
  readonly #path: string;
  readonly #report: (problem: string) => void;
  #hasFailed = false;

  /** @param report told once that the file cannot be written */
  constructor(path: string, report: (problem: string) => void) {
    this.#path = path;
    this.#report = report;
  }

  /**
   * The traces of earlier times: the newest, if there are more than can be read.
   *
   * @throws if they cannot be read, or nothing can be added
   */
  read(): OtlpSpans {
    const found = lstatSync(this.#path, { throwIfNoEntry: false });
    if (found?.isFile() === false) throw new Error('it is not a regular file');
    appendFileSync(this.#path, '', { mode: 0o600 });
    // It may be there already, for others to read.
    chmodSync(this.#path, 0o600);
    const { size } = statSync(this.#path);
    return readOtlpJson(viewText(readWhole(this.#path, Math.max(0, size - MAX_FILE_SIZE))));
  }

  /** Adds a request in the form of OTLP/JSON, or with bytes instead of texts. */
  add(request: unknown): void {
    try {
      appendFileSync(this.#path, `${JSON.stringify(request, bytesAsText)}\n`, { mode: 0o600 });
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) this.#report(fileProblem(this.#path, 'written', error));
      this.#hasFailed = true;
    }
  }
}

/** Ids are hexadecimal in OTLP/JSON, and other bytes in base64. A buffer has become an object when it comes here. */
function bytesAsText(this: unknown, key: string, value: unknown): unknown {
  const given = (this as Readonly<Record<string, unknown>>)[key];
  if (!(given instanceof Uint8Array)) return value;
  return Buffer.from(given).toString(/Id$/.test(key) ? 'hex' : 'base64');
}
