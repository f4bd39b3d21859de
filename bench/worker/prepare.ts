import { createRequire } from 'node:module';
import { join } from 'node:path';
import type OpenAI from 'openai';
import { inMemory } from '../api/memory.ts';
import type { Case } from '../cases/case.ts';
import { type CountingTelemetry, setUpTelemetry } from '../telemetry.ts';
import type { Variant } from '../variants/index.ts';

export interface PreparedProgram {
  readonly client: OpenAI;
  readonly telemetry: CountingTelemetry;
  /** The number of spans that have ended so far, or of what a variant records instead. */
  readonly recorded: () => number;
}

interface Setting {
  readonly variant: Variant;
  readonly measured: Case;
  readonly folder: string;
  readonly server?: string | undefined;
  readonly exported?: boolean | undefined;
}

/** Prepares a program as its start would: OpenTelemetry, then the instrumentation, then `openai` and a client. */
export function prepareProgram({ variant, measured, folder, server, exported }: Setting): PreparedProgram {
  const load = createRequire(join(folder, 'program.js'));
  const { metered = measured.metered ?? true } = variant;
  const telemetry = setUpTelemetry(load, { ...measured, metered, exported });
  const prepared = variant.prepare({ load, folder, telemetry, measured });
  const module = load('openai') as typeof import('openai');
  prepared?.loaded?.(module);
  const answers = server === undefined ? inMemory(measured.api()) : { baseURL: server };
  const client = new module.OpenAI({ apiKey: 'test', maxRetries: 0, ...answers });
  return {
    client: prepared?.client?.(client) ?? client,
    telemetry,
    recorded: prepared?.recorded ?? (() => telemetry.ended),
  };
}
