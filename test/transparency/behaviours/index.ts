import type { Behaviour } from '../behaviour.ts';
import { AGENTS } from './agents.ts';
import { ASSISTANTS } from './assistants.ts';
import { CLIENTS } from './clients.ts';
import { ERRORS } from './errors.ts';
import { HELPERS } from './helpers.ts';
import { PAYLOADS } from './payloads.ts';
import { PROMISES } from './promises.ts';
import { SOCKETS } from './sockets.ts';
import { STREAMS } from './streams.ts';

/** All behaviours, under the headings of the table. */
export const GROUPS: readonly (readonly [heading: string, behaviours: readonly Behaviour[]])[] = [
  ['Promises', PROMISES],
  ['Errors', ERRORS],
  ['Streams', STREAMS],
  ['Helpers', HELPERS],
  ['Assistants', ASSISTANTS],
  ['Agents', AGENTS],
  ['Sockets', SOCKETS],
  ['Lists and bodies', PAYLOADS],
  ['Clients', CLIENTS],
];

export const BEHAVIOURS: readonly Behaviour[] = GROUPS.flatMap(([, behaviours]) => behaviours);
