import { terminalSafeLines } from '../../util/terminal-safe.ts';
import { grouped } from '../amounts.ts';

type Child = Node | string | undefined | false;
/** Arrays may be passed unspread: a function call takes only some ten thousand arguments. */
type Children = readonly (Child | readonly Child[])[];
type Value = string | number | boolean | undefined | ((event: Event) => void);

/**
 * Creates an element. Text and attributes are untrusted: they are set as text and never parsed, and characters that
 * could mislead the reader are made visible. An attribute with a function adds a listener for the event of that name.
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

/** Replaces the children of an element. */
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

/** Longer texts are cut, with a button that shows the rest. */
const MAX_INITIAL_LENGTH = 2000;

/** A block of preformatted text. */
export function textBlock(text: string, className = ''): HTMLElement {
  const block = element('div', { class: `text ${className}` }, text.slice(0, MAX_INITIAL_LENGTH));
  if (text.length <= MAX_INITIAL_LENGTH) return block;
  const button = element(
    'button',
    { type: 'button', class: 'more', click: () => fill(block, text) },
    `Show all ${grouped(text.length)} characters`,
  );
  block.append('… ', button);
  return block;
}
