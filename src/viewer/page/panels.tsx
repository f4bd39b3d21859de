import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { ConversationView } from './conversation.tsx';
import { Divider, isWide } from './layout.tsx';
import { SpanPanel } from './span-panel.tsx';
import { go, type PanelName, panel, tabs } from './state.ts';
import { Timeline } from './timeline.tsx';

const PANELS: Readonly<Record<PanelName, { readonly label: string; readonly Content: () => VNode }>> = {
  timeline: { label: 'Timeline', Content: Timeline },
  chat: { label: 'Conversation', Content: ConversationView },
  span: { label: 'Span', Content: SpanPanel },
};

export function Panels(): VNode {
  const { value: names } = tabs;
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
          <Divider of="details" side="after" />
        </>
      )}
      <section class="details card" aria-label="Details" ref={details}>
        <Tabs names={names} />
        {names.map((name) => {
          const { Content } = PANELS[name];
          return (
            <div
              key={name}
              id={`panel-${name}`}
              class="panel"
              role="tabpanel"
              aria-labelledby={`tab-${name}`}
              hidden={name !== shown}
              // The timeline has its own tab stop.
              tabIndex={name === 'timeline' ? undefined : 0}
            >
              <Content />
            </div>
          );
        })}
      </section>
    </div>
  );
}

function Tabs({ names }: { readonly names: readonly PanelName[] }): VNode {
  const onKeyDown = ({ key }: KeyboardEvent): void => {
    const step = { ArrowLeft: names.length - 1, ArrowRight: 1 }[key];
    if (step === undefined) return;
    const other = names[(names.indexOf(panel.value) + step) % names.length];
    go({ tab: other }, false);
    document.getElementById(`tab-${other}`)?.focus();
  };
  return (
    <div role="tablist" class="line" onKeyDown={onKeyDown}>
      {names.map((name) => (
        <button
          type="button"
          role="tab"
          key={name}
          id={`tab-${name}`}
          aria-controls={`panel-${name}`}
          aria-selected={panel.value === name}
          tabIndex={panel.value === name ? 0 : -1}
          onClick={() => go({ tab: name }, false)}
        >
          {PANELS[name].label}
        </button>
      ))}
    </div>
  );
}
