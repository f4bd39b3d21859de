import {
  type DocCodeSpan,
  type DocComment,
  type DocErrorText,
  type DocEscapedText,
  type DocFencedCode,
  type DocLinkTag,
  type DocNode,
  DocNodeKind,
  type DocPlainText,
} from '@microsoft/tsdoc';

/** Renders a comment as Markdown. */
export function markdownOf(node: DocNode | undefined): string {
  return node === undefined ? '' : render(node).trim();
}

/** Renders a comment on one line, for a cell of a table. */
export function oneLine(node: DocNode | undefined): string {
  return markdownOf(node).replace(/\s+/g, ' ').replaceAll('|', '\\|');
}

/** The text after `@returns`, on one line. */
export function returnsOf(comment: DocComment | undefined): string {
  return oneLine(comment?.returnsBlock?.content);
}

function render(node: DocNode): string {
  switch (node.kind) {
    case DocNodeKind.PlainText:
      return (node as DocPlainText).text;
    case DocNodeKind.EscapedText:
      return (node as DocEscapedText).decodedText;
    case DocNodeKind.ErrorText:
      return (node as DocErrorText).text;
    case DocNodeKind.SoftBreak:
      return '\n';
    case DocNodeKind.CodeSpan:
      return `\`${(node as DocCodeSpan).code}\``;
    case DocNodeKind.FencedCode:
      return fenced(node as DocFencedCode);
    case DocNodeKind.LinkTag:
      return linked(node as DocLinkTag);
    case DocNodeKind.Paragraph:
      return `${renderAll(node)}\n\n`;
    default:
      return renderAll(node);
  }
}

function renderAll(node: DocNode): string {
  return node.getChildNodes().map(render).join('');
}

function fenced({ language, code }: DocFencedCode): string {
  return `\n\`\`\`${language === 'ts' ? 'typescript' : language}\n${code.trim()}\n\`\`\`\n\n`;
}

function linked({ urlDestination, linkText, codeDestination }: DocLinkTag): string {
  if (urlDestination !== undefined) return `[${linkText ?? urlDestination}](${urlDestination})`;
  const name = codeDestination?.memberReferences.map((each) => each.memberIdentifier?.identifier).join('.');
  return `\`${linkText ?? name ?? ''}\``;
}
