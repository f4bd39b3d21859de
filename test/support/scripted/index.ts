import { assistants } from './assistants.ts';
import type { ScriptedConversation } from './conversation.ts';
import { histories } from './histories.ts';
import { responses } from './responses.ts';
import { sessions } from './sessions.ts';

export type { Memory, Role, ScriptedConversation, Surroundings } from './conversation.ts';
export { documentedTree, showProcesses, showTree, writesTrees } from './document.ts';
export { costOf, PRICES } from './prices.ts';

export const SCRIPTED: readonly ScriptedConversation[] = [assistants, responses, sessions, histories];
