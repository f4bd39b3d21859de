import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { ConversationView } from './conversation.tsx';
import { Divider, isWide } from './layout.tsx';
import { SpanPanel } from './span-panel.tsx';
import { type PanelName, panel, showPanel } from './state.ts';
import { Timeline } from './timeline.tsx';

const PANELS: Readonly<Record<PanelName, { readonly label: string; readonly Content: () => VNode }>> = {
  timeline: { label: 'Timeline', Content: Timeline },
  chat: { label: 'Conversation', Content: ConversationView },
  span: { label: 'Span', Content: SpanPanel },
};

/** The timeline, the conversation and the selected span as tabs. On a wide page, the timeline is beside the tabs. */
export function Panels(): VNode {
  const names: readonly PanelName[] = isWide.value ? ['chat', 'span'] : ['timeline', 'chat', 'span'];
  const details = useRef<HTMLElement>(null);
  const { value: name } = panel;
  useLayoutEffect(() => {
    if (isWide.peek() || name === 'timeline') return;
    details.current?.scrollIntoView();
    document.getElementById(`tab-${name}`)?.focus({ preventScroll: true });
  }, [name]);
  return (
    <div class="panes">
      {isWide.value && (
        <section class="card" aria-label="Timeline">
          <div id="panel-timeline" class="panel">
            <Timeline />
          </div>
        </section>
      )}
      {isWide.value && <Divider of="details" side="after" />}
      <section class="details card" aria-label="Details" ref={details}>
        <Tabs names={names} />
        {names.map((each) => (
          <Panel key={each} name={each} />
        ))}
      </section>
    </div>
  );
}

function Tabs({ names }: { readonly names: readonly PanelName[] }): VNode {
  const onKey = ({ key, currentTarget }: KeyboardEvent): void => {
    if (key !== 'ArrowLeft' && key !== 'ArrowRight') return;
    const step = key === 'ArrowLeft' ? names.length - 1 : 1;
    const other = names[(names.indexOf(panel.value) + step) % names.length];
    if (other === undefined) return;
    showPanel(other);
    (currentTarget as HTMLElement).querySelector<HTMLElement>(`#tab-${other}`)?.focus();
  };
  return (
    <div role="tablist" onKeyDown={onKey}>
      {names.map((name) => (
        <button
          type="button"
          role="tab"
          key={name}
          id={`tab-${name}`}
          aria-controls={`panel-${name}`}
          aria-selected={panel.value === name}
          tabIndex={panel.value === name ? 0 : -1}
          onClick={() => showPanel(name)}
        >
          {PANELS[name].label}
        </button>
      ))}
    </div>
  );
}

function Panel({ name }: { readonly name: PanelName }): VNode {
  const { Content } = PANELS[name];
  return (
    <div
      id={`panel-${name}`}
      class="panel"
      role="tabpanel"
      aria-labelledby={`tab-${name}`}
      hidden={panel.value !== name}
      // The timeline has its own tab stop.
      tabIndex={name === 'timeline' ? undefined : 0}
    >
      <Content />
    </div>
  );
}
