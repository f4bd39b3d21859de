import type { Dialect } from '../dialect.ts';
import { agents } from './agents.ts';
import { assistants } from './assistants.ts';

/** The APIs whose conversations have invocations. To add one, add a row here and its paths in `select-api.ts`. */
export const DIALECTS: Readonly<Record<'agents' | 'assistants', Dialect>> = { agents, assistants };
