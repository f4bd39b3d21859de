import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The entries of a mutation run's journal. All processes share it, and it survives if a mutant makes one crash. */
export interface Entries {
  /** A test that passes, its duration, and the mutants whose checks it reaches. */
  readonly reached: { readonly test: string; readonly ms: number; readonly ids: readonly number[] };
  /** The first test that failed without the check. */
  readonly killed: { readonly id: number; readonly test: string };
  /** A test that passed without the check. */
  readonly survived: { readonly id: number; readonly test: string };
  /** A test that fails when it runs again in its process. */
  readonly unrepeatable: { readonly test: string };
  /** A file whose tests have all been run. */
  readonly done: { readonly file: string };
}

const DIRECTORY = 'MUTATION_DIRECTORY';

export class Journal {
  readonly #directory: string;

  constructor(directory: string = process.env[DIRECTORY] ?? '') {
    this.#directory = directory;
  }

  get environment(): NodeJS.ProcessEnv {
    return { [DIRECTORY]: this.#directory };
  }

  /** The folder in which a process names the mutant that it is trying. */
  get attempts(): string {
    return join(this.#directory, 'attempts');
  }

  add<Kind extends keyof Entries>(kind: Kind, entry: Entries[Kind]): void {
    appendFileSync(join(this.#directory, kind), `${JSON.stringify(entry)}\n`);
  }

  read<Kind extends keyof Entries>(kind: Kind): Entries[Kind][] {
    try {
      const lines = readFileSync(join(this.#directory, kind), 'utf8').split('\n');
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entries[Kind]);
    } catch {
      return [];
    }
  }

  clear(kind: keyof Entries): void {
    rmSync(join(this.#directory, kind), { force: true });
  }

  /** When the last entry was added or, without any, the run began: in milliseconds since the epoch. */
  get newest(): number {
    const files = readdirSync(this.#directory).map((name) => join(this.#directory, name));
    return Math.max(...[this.#directory, ...files].map((path) => statSync(path).mtimeMs));
  }

  /** The mutants to try in each test. Without a plan, tests only report which checks they reach. */
  get plan(): Readonly<Record<string, readonly number[]>> | undefined {
    try {
      return JSON.parse(readFileSync(join(this.#directory, 'plan'), 'utf8'));
    } catch {
      return undefined;
    }
  }

  set plan(plan: Readonly<Record<string, readonly number[]>>) {
    writeFileSync(join(this.#directory, 'plan'), JSON.stringify(plan));
  }
}
