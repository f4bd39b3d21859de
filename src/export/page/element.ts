import { terminalSafeLines } from '../../util/terminal-safe.ts';

type Child = Node | string | undefined | false;
/** Lists as they are: a function takes no more than some ten thousand arguments. */
type Children = readonly (Child | readonly Child[])[];
type Value = string | number | boolean | undefined | ((event: Event) => void);

/**
 * Makes an element. Text and attributes can come from anywhere: they are set as text, with characters that could
 * mislead the reader made visible, and never parsed. Functions are listeners, by the name of their event.
 */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, Value>> = {},
  ...children: Children
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(attribute, value);
    else if (value !== undefined && value !== false)
      made.setAttribute(attribute, value === true ? '' : terminalSafeLines(String(value)));
  }
  for (const node of nodesOf(children)) made.append(node);
  return made;
}

/** Puts other children into an element. */
export function fill(parent: Element, ...children: Children): void {
  parent.replaceChildren();
  for (const node of nodesOf(children)) parent.append(node);
}

function nodesOf(children: Children): Node[] {
  return children
    .flat()
    .filter((child) => child !== undefined && child !== false)
    .map((child) => (typeof child === 'string' ? document.createTextNode(terminalSafeLines(child)) : child));
}

/** More of a text is only shown when it is asked for. */
const SHORT = 2000;

/** Text as it was written, long text with a button for the rest. */
export function textBlock(text: string, className = ''): HTMLElement {
  const block = element('div', { class: `text ${className}` }, text.slice(0, SHORT));
  if (text.length <= SHORT) return block;
  const button = element(
    'button',
    { type: 'button', class: 'more', click: () => fill(block, text) },
    `Show all ${text.length.toLocaleString('en-US')} characters`,
  );
  block.append('… ', button);
  return block;
}
