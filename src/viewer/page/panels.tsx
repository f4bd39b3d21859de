import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { deselect } from './actions.ts';
import { ConversationView } from './conversation.tsx';
import { Divider } from './layout.tsx';
import { isPrinted, isWide } from './media.ts';
import { SpanPanel } from './span-panel.tsx';
import { isSheetOpen, type PanelName, panel, selected, showPanel } from './state.ts';
import { Timeline } from './timeline.tsx';

const LABELS: Readonly<Record<PanelName, string>> = {
  timeline: 'Timeline',
  chat: 'Conversation',
  span: 'Span',
};

/**
 * The timeline, the conversation and the selected span. Where there is room, the latter two are tabs beside the timeline.
 * Elsewhere the timeline and the conversation are tabs, and the span is a sheet over them.
 */
export function Panels(): VNode {
  const isOnPaper = isPrinted.value;
  if (isWide.value)
    return (
      <div class="panes">
        <section aria-label="Timeline">
          <div id="panel-timeline" class="panel">
            <Timeline />
          </div>
        </section>
        <Divider
          label="Width of the details"
          of="details"
          direction={-1}
          target={({ nextElementSibling }) => nextElementSibling}
        />
        <section class="details" aria-label="Details">
          <Tabs names={['chat', 'span']} />
          <Panel name="chat">
            <ConversationView />
          </Panel>
          <Panel name="span">
            <SpanPanel />
          </Panel>
        </section>
      </div>
    );
  return (
    <>
      <div class="panes">
        <section class="details" aria-label="Details">
          <Tabs names={['timeline', 'chat']} />
          <Panel name="timeline">
            <Timeline />
          </Panel>
          <Panel name="chat">
            <ConversationView />
          </Panel>
        </section>
        {/* Nothing lies over anything on paper. */}
        {isOnPaper && (
          <div id="panel-span" class="panel">
            <SpanPanel />
          </div>
        )}
      </div>
      {!isOnPaper && <Sheet />}
    </>
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
          {LABELS[name]}
        </button>
      ))}
    </div>
  );
}

function Panel(props: { readonly name: PanelName; readonly children: ComponentChildren }): VNode {
  const { name, children } = props;
  return (
    <div
      id={`panel-${name}`}
      class="panel"
      role="tabpanel"
      aria-labelledby={`tab-${name}`}
      hidden={panel.value !== name}
      // The timeline has a tab stop of its own.
      {...(name === 'timeline' ? {} : { tabIndex: 0 })}
    >
      {children}
    </div>
  );
}

/** The selected span over the timeline. */
function Sheet(): VNode {
  const sheet = useRef<HTMLDialogElement>(null);
  const isOpen = isSheetOpen.value && selected.value !== undefined;
  useEffect(() => {
    if (isOpen && sheet.current?.open === false) sheet.current.showModal();
    if (!isOpen) sheet.current?.close();
  }, [isOpen]);
  // A press beside the sheet closes it.
  const onClick = ({ target }: MouseEvent): void => {
    if (target === sheet.current) sheet.current?.close();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the escape key closes it, too.
    <dialog class="sheet" aria-label="Span" ref={sheet} onClose={deselect} onClick={onClick}>
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
