import { computed, type ReadonlySignal } from '@preact/signals';
import type { VNode } from 'preact';
import { LinkedCalls } from '../linked-calls.ts';
import * as ATTR from '../semconv/attributes.ts';
import type { Row } from '../tree.ts';
import { select } from './actions.ts';
import { Button } from './elements.tsx';
import { openTrace, panel } from './state.ts';

/** The tool calls of the open trace. */
export const linkedCalls: ReadonlySignal<LinkedCalls> = computed(
  () => new LinkedCalls(openTrace.value?.rows ?? []),
);

const MAX_LINKED_CALLS = 20;

interface ToolLinksProps {
  readonly row: Row;
  /** The ids of the tool calls. Default: that of the span. */
  readonly ids?: readonly unknown[];
}

/** Leads from a part of a tool call to its other parts: the request, the span of the tool, and who got the result. */
export function ToolLinks({
  row,
  ids = [row.span.attributes[ATTR.GEN_AI_TOOL_CALL_ID]],
}: ToolLinksProps): VNode | null {
  const links = ids.slice(0, MAX_LINKED_CALLS).flatMap((id) => {
    const { asked, ran, used } = linkedCalls.value.find(id, row);
    return [
      ['Requested by', asked] as const,
      [row === used ? 'Result of' : 'Done by', ran] as const,
      ['Result used by', used] as const,
    ].filter(([, to]) => to !== row);
  });
  if (links.every(([, to]) => to === undefined)) return null;
  return (
    <p class="links line small dim">
      {links.map(
        ([label, to], i) =>
          to && (
            <span key={i}>
              {label}{' '}
              <Button
                label={to.span.name.slice(0, 100)}
                class="link"
                onClick={() => select(to, panel.peek() === 'chat')}
              />
            </span>
          ),
      )}
    </p>
  );
}
