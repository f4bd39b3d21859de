import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { deselect } from './actions.ts';
import { ConversationView } from './conversation.tsx';
import { Divider, isWide } from './layout.tsx';
import { SpanPanel } from './span-panel.tsx';
import { isSheetOpen, type PanelName, panel, selected, showPanel } from './state.ts';
import { Timeline } from './timeline.tsx';

const PANELS: Readonly<Record<PanelName, { readonly label: string; readonly Content: () => VNode }>> = {
  timeline: { label: 'Timeline', Content: Timeline },
  chat: { label: 'Conversation', Content: ConversationView },
  span: { label: 'Span', Content: SpanPanel },
};

/**
 * The timeline, the conversation and the selected span. On a wide page, the conversation and the span are tabs beside
 * the timeline. On a narrow page, the timeline and the conversation are tabs, and the span is a sheet over them.
 */
export function Panels(): VNode {
  const names: readonly PanelName[] = isWide.value ? ['chat', 'span'] : ['timeline', 'chat'];
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
      <section class="details card" aria-label="Details">
        <Tabs names={names} />
        {names.map((name) => (
          <Panel key={name} name={name} />
        ))}
      </section>
      {!isWide.value && <Sheet />}
    </div>
  );
}

function Tabs({ names }: { readonly names: readonly PanelName[] }): VNode {
  const onKey = ({ key, currentTarget }: KeyboardEvent): void => {
    if (key !== 'ArrowLeft' && key !== 'ArrowRight') return;
    const other = names.find((name) => name !== panel.value);
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

function Sheet(): VNode {
  const sheet = useRef<HTMLDialogElement>(null);
  const isOpen = isSheetOpen.value && selected.value !== undefined;
  useEffect(() => {
    if (isOpen && sheet.current?.open === false) sheet.current.showModal();
    if (!isOpen) sheet.current?.close();
  }, [isOpen]);
  // A click beside the sheet closes it.
  const onClick = ({ target }: MouseEvent): void => {
    if (target === sheet.current) sheet.current?.close();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the escape key closes it, too.
    <dialog class="sheet card" aria-label="Span" ref={sheet} onClose={deselect} onClick={onClick}>
      <div class="bar-of-sheet">
        <button type="button" onClick={() => sheet.current?.close()}>
          <span aria-hidden="true">← </span>
          Back
        </button>
      </div>
      <div id="panel-span" class="panel">
        <SpanPanel />
      </div>
    </dialog>
  );
}
