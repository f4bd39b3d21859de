import { describe, expect, it } from 'vitest';
import { agents } from '../../src/hierarchy/dialects/agents.ts';
import { recordFacts } from '../support/recording-sink.ts';

describe('what an event of the Agents API reports', () => {
  it('is nothing about an item whose turn is not known', () => {
    const item = { id: 'item_1', type: 'web_search_call', turn_id: 'turn_1' };
    const sink = recordFacts({ wants: 'nothing' });
    agents.readEvent({ type: 'agent.session.turn.item.done', item }, sink);
    expect(sink.facts).toEqual([]);
  });

  it('is the state of the conversation', () => {
    const session = { id: 'sess_1', object: 'agent.session', status: 'idle' };
    const sink = recordFacts();
    agents.readEvent({ type: 'agent.session.idle', session }, sink);
    expect(sink.facts).toEqual([['conversation', expect.objectContaining({ id: 'sess_1', state: 'idle' })]]);
  });
});
