import { options } from 'preact';
import { terminalSafeLines } from '../../util/terminal-safe.ts';

/**
 * Makes characters visible that reverse, hide or move text, in every text and attribute that the page shows. Preact sets
 * them as text: nothing is ever parsed as HTML.
 */
export function showHiddenCharacters(): void {
  const before = options.vnode;
  options.vnode = (vnode) => {
    const { type, props } = vnode as { readonly type: unknown; readonly props: unknown };
    // A text has no type, and is its own properties.
    if (typeof props === 'string') Object.assign(vnode, { props: terminalSafeLines(props) });
    else if (typeof type === 'string') {
      for (const [name, value] of Object.entries(vnode.props))
        if (typeof value === 'string') Object.assign(vnode.props, { [name]: terminalSafeLines(value) });
    }
    before?.(vnode);
  };
}
