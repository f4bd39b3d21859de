import { unknownAmong } from '../config/unknown-names.ts';
import { notice } from '../diagnostics/report.ts';
import type { TraceMetadata } from '../telemetry/metadata.ts';
import { asObject } from '../util/payload.ts';

const TRACED_OPTIONS: readonly string[] = [
  'name',
  'prompt',
  'project',
  'environment',
  'userId',
  'sessionId',
  'tags',
  'metadata',
] satisfies ('name' | 'prompt' | keyof TraceMetadata)[];

/** Reports the options of `traced` that do not exist: most are misspelt. */
export function noticeUnknownOptions(options: unknown): void {
  // Fast path: the code for suggestions is loaded with its first use.
  if (Object.keys(asObject(options) ?? {}).every((name) => TRACED_OPTIONS.includes(name))) return;
  for (const problem of unknownAmong('traced option ', options, TRACED_OPTIONS))
    notice('option_not_accepted', problem);
}
