import { describe, expect, it } from 'vitest';
import { conversationKey, keyAt } from '../../../src/hierarchy/conversations/conversation-keys.ts';

describe('a key', () => {
  const ORIGINS = ['https://api.openai.com', 'https://other.example'];
  const IDS = ['run_1', 'run_2', 'run_3', 'run_4', 'run_5'];

  it('is the same for the same id at the same server, whatever was looked up in between', () => {
    const keys = (): string[] => ORIGINS.flatMap((origin) => IDS.map((id) => keyAt(origin, id)));
    const first = keys();
    expect(keys()).toEqual(first);
    expect(new Set(first).size).toBe(ORIGINS.length * IDS.length);
  });

  it('differs by kind, so that a thread and a session may have the same id', () => {
    const keys = [
      keyAt('https://api.openai.com', 'x_1'),
      conversationKey('thread', 'x_1', 'https://api.openai.com'),
      conversationKey('session', 'x_1', 'https://api.openai.com'),
    ];
    expect(new Set(keys).size).toBe(3);
    expect(conversationKey('thread', 'x_1', 'https://api.openai.com')).toBe(keys[1]);
  });

  it('is the id alone for a conversation, which the program names for every server', () => {
    expect(ORIGINS.map((origin) => conversationKey('conversation', 'mine', origin))).toEqual([
      'mine',
      'mine',
    ]);
  });
});
