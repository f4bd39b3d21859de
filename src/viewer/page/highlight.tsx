import type { ComponentChild, ComponentChildren, VNode } from 'preact';

/** Longer code has no colors. */
const MAX_HIGHLIGHTED_LENGTH = 20_000;

const KEYWORDS =
  'and|as|async|await|break|case|catch|class|const|continue|def|del|elif|else|enum|except|export|extends|false|finally|fn|for|from|func|function|if|import|in|interface|is|lambda|let|match|new|nil|not|null|or|package|pass|print|private|public|raise|return|self|static|struct|switch|then|this|throw|true|try|type|use|var|void|while|with|yield|None|True|False|SELECT|FROM|WHERE|INSERT|UPDATE|DELETE|JOIN|GROUP|ORDER|BY|LIMIT';
/** Comments, strings, numbers and keywords, as most languages write them. Lengths are limited, so that nothing takes long. */
const CODE_TOKEN = new RegExp(
  [
    '(?<comment>\\/\\/[^\\n]{0,2000}|#[^\\n]{0,2000}|\\/\\*[^*]{0,2000}\\*\\/)',
    '(?<string>"(?:[^"\\\\\\n]|\\\\.){0,2000}"|\'(?:[^\'\\\\\\n]|\\\\.){0,2000}\'|`[^`]{0,2000}`)',
    '(?<number>\\b\\d[\\d_]{0,40}(?:\\.\\d{1,40})?\\b)',
    `(?<keyword>\\b(?:${KEYWORDS})\\b)`,
  ].join('|'),
  'g',
);

/** A block of code in colors, which scrolls by itself. */
export function CodeBlock({ code, language }: { readonly code: string; readonly language: string }): VNode {
  return (
    <ScrollRegion label={language === '' ? 'Code' : `Code, ${language}`}>
      <pre>
        <code>{highlighted(code)}</code>
      </pre>
    </ScrollRegion>
  );
}

interface ScrollRegionProps {
  readonly label: string;
  readonly children: ComponentChildren;
}

/** What may be wider than the page, and scrolls by itself. */
export function ScrollRegion({ label, children }: ScrollRegionProps): VNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keys scroll only what has the focus.
    <section class="scrolls" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

function highlighted(code: string): ComponentChild[] {
  if (code.length > MAX_HIGHLIGHTED_LENGTH) return [code];
  const parts: ComponentChild[] = [];
  let end = 0;
  for (const match of code.matchAll(CODE_TOKEN)) {
    const [text] = match;
    const [kind] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? ['number'];
    parts.push(code.slice(end, match.index), <span class={`hl-${kind}`}>{text}</span>);
    end = match.index + text.length;
  }
  parts.push(code.slice(end));
  return parts;
}
