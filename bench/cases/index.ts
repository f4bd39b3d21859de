import { ASSISTANTS_CASES } from './assistants.ts';
import type { Case } from './case.ts';
import { CHAT_CASES } from './chat.ts';
import { EMBEDDINGS_CASES } from './embeddings.ts';
import { RESPONSES_CASES } from './responses.ts';
import { STREAM_CASES } from './streams.ts';

export type { Case } from './case.ts';
export { ABANDONED_STREAMS } from './streams.ts';

/** All cases, in the order of the tables. To add one, add a row to one of these lists. */
export const CASES: readonly Case[] = [
  ...CHAT_CASES,
  ...STREAM_CASES,
  ...EMBEDDINGS_CASES,
  ...RESPONSES_CASES,
  ...ASSISTANTS_CASES,
];
