import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { ConversationView } from './conversation.tsx';
import { Button } from './elements.tsx';
import { Divider, isWide } from './layout.tsx';
import { SpanPanel } from './span-panel.tsx';
import { go, type PanelName, panel, panelNames } from './state.ts';
import { Timeline } from './timeline.tsx';

const PANELS: Readonly<Record<PanelName, { readonly label: string; readonly Content: () => VNode }>> = {
  timeline: { label: 'Timeline', Content: Timeline },
  chat: { label: 'Conversation', Content: ConversationView },
  span: { label: 'Span', Content: SpanPanel },
};

export function Panels(): VNode {
  const { value: names } = panelNames;
  const details = useRef<HTMLElement>(null);
  const { value: shown } = panel;
  useLayoutEffect(() => {
    if (isWide.peek() || shown === 'timeline') return;
    details.current?.scrollIntoView();
    document.getElementById(`tab-${shown}`)?.focus({ preventScroll: true });
  }, [shown]);
  return (
    <div class="panes">
      {isWide.value && (
        <>
          <section class="card" aria-label="Timeline">
            <Timeline />
          </section>
          <Divider of="timeline" />
        </>
      )}
      <section class="details card" aria-label="Details" ref={details}>
        <div class="tabs line">
          {names.map((name) => (
            <Button
              key={name}
              id={`tab-${name}`}
              label={PANELS[name].label}
              aria-pressed={name === shown}
              onClick={() => go({ tab: name }, false)}
            />
          ))}
        </div>
        {names.map((name) => {
          const { label, Content } = PANELS[name];
          return (
            <section key={name} id={`panel-${name}`} class="panel" aria-label={label} hidden={name !== shown}>
              <Content />
            </section>
          );
        })}
      </section>
    </div>
  );
}
