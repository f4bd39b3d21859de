import type { VNode } from 'preact';
import { evaluationsOf, evaluationText, type SpanEvaluation } from '../evaluations.ts';
import type { ShownSpan } from '../page-span.ts';
import type { FinishedSpan } from '../tree.ts';

/** Evaluations that are listed. The events of the span have all of them. */
const MAX_LISTED_EVALUATIONS = 50;

function Score({ evaluation }: { readonly evaluation: SpanEvaluation }): VNode {
  return (
    <span class="pill" title={evaluation.explanation}>
      {evaluationText(evaluation).slice(0, 200)}
    </span>
  );
}

interface ScoresProps {
  readonly span: FinishedSpan;
  readonly limit: number;
}

/** The evaluations of a span, in short. */
export function Scores({ span, limit }: ScoresProps): VNode {
  const evaluations = evaluationsOf((span as ShownSpan).events).slice(0, limit);
  return (
    <>
      {evaluations.map((each, i) => (
        <Score key={i} evaluation={each} />
      ))}
    </>
  );
}

/** The evaluations of a span, with what explains them. */
export function Evaluations({ span }: { readonly span: ShownSpan }): VNode | null {
  const evaluations = evaluationsOf(span.events).slice(0, MAX_LISTED_EVALUATIONS);
  if (evaluations.length === 0) return null;
  return (
    <ul aria-label="Evaluations">
      {evaluations.map((each, i) => (
        <li key={i}>
          <Score evaluation={each} />
          {` ${each.explanation?.slice(0, 2000) ?? ''}`}
        </li>
      ))}
    </ul>
  );
}
