import { options } from 'preact';
import { terminalSafeLines } from '../../util/terminal-safe.ts';

/** Makes characters visible that reverse, hide or move text, in every text and attribute. Preact parses no HTML. */
export function showHiddenCharacters(): void {
  const before = options.vnode;
  options.vnode = (vnode) => {
    const { type, props } = vnode as { readonly type: unknown; readonly props: unknown };
    // The node of a text has no type, and its `props` are the text itself.
    if (typeof props === 'string') Object.assign(vnode, { props: terminalSafeLines(props) });
    else if (typeof type === 'string') {
      for (const [name, value] of Object.entries(vnode.props))
        if (typeof value === 'string') Object.assign(vnode.props, { [name]: terminalSafeLines(value) });
    }
    before?.(vnode);
  };
}
