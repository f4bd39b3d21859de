import type OpenAI from 'openai';
import type { Case } from '../cases/case.ts';
import type { Load, Telemetry } from '../telemetry.ts';

/** What a variant gets before `openai` is loaded. */
export interface SetUp {
  readonly load: Load;
  /** The folder with the `node_modules` from which `load` loads. */
  readonly folder: string;
  readonly telemetry: Telemetry;
  readonly measured: Case;
}

/** What a variant may do once `openai` is loaded. */
export interface Prepared {
  /** Patches the module's exports. */
  readonly loaded?: (module: typeof import('openai')) => void;
  /** Returns the client that the program uses. */
  readonly client?: (client: OpenAI) => OpenAI;
  /** The number of records so far, if a variant records something other than spans. */
  readonly recorded?: () => number;
}

/** A way to observe a program, or not to observe it. */
export interface Variant {
  readonly name: string;
  /** The packages that it needs in addition to `openai` and OpenTelemetry. */
  readonly packages?: readonly string[];
  /** The names of the cases in which it is measured. Default: all. */
  readonly cases?: readonly string[];
  /** Set if the variant cannot leave content out (`always`), or cannot record it (`never`). */
  readonly content?: 'always' | 'never';
  /** Whether the program has a meter provider. Default: the case decides. */
  readonly metered?: boolean;
  prepare(setUp: SetUp): Prepared | undefined;
}
