import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { isFailed, typeOf } from '../viewed-trace.ts';
import { criticalPath } from './critical-path.ts';
import { foundRows, opened } from './state.ts';
import { isZoomed, placeOnAxis, shownTime, wholeTime } from './time-axis.ts';

const HEIGHT = 44;
/** The place of the critical path, below the spans. */
const PATH_HEIGHT = 5;
/** A trace with fewer spans is as easy to see below. */
const MIN_SPANS = 12;

/** All spans of a trace in small, and the critical path below them. Dragging across it chooses a part of the time. */
export function Minimap(): VNode | null {
  const canvas = useRef<HTMLCanvasElement>(null);
  const isShown = (opened.value?.trace.rows.length ?? 0) >= MIN_SPANS;
  useEffect(() => {
    const { current } = canvas;
    if (current === null) return;
    const draw = (): void => drawSpans(current);
    const observer = new ResizeObserver(draw);
    observer.observe(current);
    // The colors of the theme.
    const themes = new MutationObserver(draw);
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', draw);
    return () => {
      observer.disconnect();
      themes.disconnect();
      dark.removeEventListener('change', draw);
    };
  }, [isShown, opened.value, foundRows.value]);
  if (!isShown) return null;
  const { from, to } = shownTime.value;
  const { from: first, to: last } = wholeTime.value;
  const place = (time: number): string => `${((time - first) / (last - first)) * 100}%`;
  return (
    <div class="minimap ticks" aria-hidden="true">
      <canvas ref={canvas} height={HEIGHT} />
      {isZoomed.value && (
        <span
          class="minimap-window"
          style={{ left: place(from), width: `calc(${place(to)} - ${place(from)})` }}
        />
      )}
    </div>
  );
}

/** The properties of the style with the colors of spans. */
const COLORS = ['conversation', 'agent', 'model', 'tool', 'other', 'bad', 'critical'];

/** The color of the theme. A canvas reads no properties. */
function colorOf(canvas: HTMLCanvasElement, name: string): string {
  canvas.style.color = `var(--${name})`;
  return getComputedStyle(canvas).color;
}

function drawSpans(canvas: HTMLCanvasElement): void {
  const { trace } = opened.peek() ?? {};
  const context = canvas.getContext('2d');
  if (trace === undefined || context === null) return;
  const scale = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  canvas.width = width * scale;
  canvas.height = HEIGHT * scale;
  context.scale(scale, scale);
  const colors = new Map(COLORS.map((name) => [name, colorOf(canvas, name)]));
  const x = (time: Parameters<typeof placeOnAxis>[0]): number =>
    (placeOnAxis(time, wholeTime.peek()) / 100) * width;
  const rowHeight = (HEIGHT - PATH_HEIGHT - 2) / trace.rows.length;
  trace.rows.forEach((row, i) => {
    const { span } = row.node;
    context.globalAlpha = foundRows.peek().has(row) ? 1 : 0.15;
    context.fillStyle = colors.get(isFailed(span) ? 'bad' : typeOf(span)) ?? '';
    const [from, to] = [x(span.startTime), x(span.endTime)];
    context.fillRect(from, i * rowHeight, Math.max(to - from, 1), Math.max(rowHeight * 0.8, 1));
  });
  context.globalAlpha = 1;
  context.fillStyle = colors.get('critical') ?? '';
  for (const parts of criticalPath.peek().values())
    for (const { from, to } of parts)
      context.fillRect(x(from), HEIGHT - PATH_HEIGHT, Math.max(x(to) - x(from), 1), PATH_HEIGHT - 1);
}
