import { describe, expect, it } from 'vitest';
import { modalitiesOf, modalityText } from '../../src/viewer/modalities.ts';
import { drawSummary } from '../../src/viewer/summary-view.ts';
import { summarize } from '../../src/viewer/trace-summary.ts';
import { makeSpans, rowsOf, tokens, VOICE_SESSION } from './spans.ts';

describe('the tokens by modality', () => {
  it('are not listed where all of them are text', () => {
    expect(modalitiesOf([{ ...tokens(10, 5), 'openai.cost': 1 }, {}])).toEqual([]);
  });

  it('have the cost of audio that is billed by its length', () => {
    const attributes = { 'openai.audio.duration': 30, 'openai.cost': 0.003 };
    expect(modalitiesOf([attributes]).map(modalityText)).toEqual(['$0.0030']);
  });

  it('are in the panel of the terminal, with what each modality cost', () => {
    const rows = rowsOf(makeSpans(VOICE_SESSION));
    const panel = drawSummary(summarize({ traceId: '0', roots: [], rows }), {
      columns: undefined,
      color: false,
    });
    expect(panel.split('\n').slice(4, 8)).toEqual([
      '│ Tokens          214 → 109 tokens                                         │',
      '│ Cost            ≥ $0.0080, 1 call of unknown cost                        │',
      '│ Text            144 → 29 tokens (64 cached), ≥ $0.00090, 1 call of unkn… │',
      '│ Audio           70 → 80 tokens, ≥ $0.0071, 1 call of unknown cost        │',
    ]);
  });
});
