import type { OpenAIInstrumentationConfig } from '../../../src/client.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { openRealtime, type RealtimePair } from '../../support/realtime-socket.ts';
import { SESSION } from './events.ts';

/** A program with a realtime session that the server has created. */
export interface OpenSession extends RealtimePair {
  readonly program: Program;
}

export async function openSession(config: OpenAIInstrumentationConfig = {}): Promise<OpenSession> {
  const program = await startProgram({ content: config.captureMessageContent !== undefined });
  const pair = await openRealtime(program, config);
  await pair.answer({ type: 'session.created', session: SESSION });
  return { ...pair, program };
}
