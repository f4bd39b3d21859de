import * as ATTR from '../../semconv/attributes.ts';
import { costOf, dollars, formatDuration } from '../amounts.ts';
import { evaluationsOf, evaluationText } from '../evaluations.ts';
import type { ShownSpan } from '../page-span.ts';
import { attributeText } from '../span-details.ts';
import type { Row } from '../tree.ts';
import { isFailed, typeOf } from '../viewed-trace.ts';
import { element } from './element.ts';
import { tokensOf } from './row-tokens.ts';

/** The number of scores beside the name of a span. The inspector has all. */
const MAX_SHOWN_SCORES = 3;

/** A row of the timeline: the name of a span with what stands beside it, its facts and its bar. */
export function timelineRow(
  row: Row,
  depth: number,
  track: HTMLElement,
  select: () => void,
  toggle: (event: Event) => void,
): HTMLElement {
  const { span } = row.node;
  return element(
    'div',
    {
      role: 'treeitem',
      // By which the row is found again after spans were added.
      id: `span-${span.spanContext().spanId}`,
      'aria-level': depth,
      class: `row ${typeOf(span)}${isFailed(span) ? ' failed' : ''}`,
      click: select,
    },
    nameOf(row, depth, toggle),
    element('span', { class: 'fact tokens' }, tokensOf(span.attributes)),
    element(
      'span',
      { class: 'fact cost' },
      dollars(span.attributes[ATTR.OPENAI_COST]) ??
        costOf(span.attributes[ATTR.OPENAI_TOTAL_COST], span.attributes[ATTR.OPENAI_TOTAL_UNPRICED]),
    ),
    element('span', { class: 'fact time' }, formatDuration(span.startTime, span.endTime)),
    track,
  );
}

function nameOf({ node }: Row, depth: number, toggle: (event: Event) => void): HTMLElement {
  const { span, children } = node;
  const name = element(
    'span',
    { class: 'name' },
    children.length > 0
      ? element('span', { class: 'toggle', 'aria-hidden': 'true', click: toggle })
      : undefined,
    element('span', { class: 'sign', 'aria-hidden': 'true' }),
    element('span', { class: 'label', title: span.name.slice(0, 1000) }, span.name.slice(0, 200)),
    isFailed(span) &&
      element(
        'span',
        { class: 'failure' },
        attributeText(span.attributes[ATTR.ERROR_TYPE] ?? 'error').slice(0, 60),
      ),
    evaluationsOf((span as ShownSpan).events)
      .slice(0, MAX_SHOWN_SCORES)
      .map((each) =>
        element('span', { class: 'badge', title: each.explanation }, evaluationText(each).slice(0, 200)),
      ),
  );
  name.style.paddingInlineStart = `${Math.min(depth - 1, 20) * 14 + (children.length > 0 ? 0 : 16)}px`;
  return name;
}
