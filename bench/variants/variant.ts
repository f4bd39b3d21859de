import type OpenAI from 'openai';
import type { Case } from '../cases/case.ts';
import type { Load, Telemetry } from '../telemetry.ts';

/** What a variant is given before `openai` is loaded. */
export interface SetUp {
  readonly load: Load;
  /** Where `load` looks: the folder that has the `node_modules`. */
  readonly folder: string;
  readonly telemetry: Telemetry;
  readonly measured: Case;
}

/** What a variant may do once `openai` is loaded. */
export interface Prepared {
  /** Patches what the module exports. */
  readonly loaded?: (module: typeof import('openai')) => void;
  /** Gives the client that the program uses. */
  readonly client?: (client: OpenAI) => OpenAI;
  /** How much it has recorded so far, where that is no span of OpenTelemetry. */
  readonly recorded?: () => number;
}

/** One way to observe a program, or not to. */
export interface Variant {
  readonly name: string;
  /** Packages it needs beside `openai` and OpenTelemetry. */
  readonly packages?: readonly string[];
  /** The names of those it is measured in. Default all. */
  readonly cases?: readonly string[];
  /** Cannot be told to leave content out, or to record it. */
  readonly content?: 'always' | 'never';
  /** Whether the program has a meter provider, where it does not depend on the case. */
  readonly metered?: boolean;
  prepare(setUp: SetUp): Prepared | undefined;
}
