/** A list of links to all headings of a page: one line for each `##`, with the `###` headings below it. */
export function indexOf(page: string): string {
  return page
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [, ...below] = section.split(/^(?=### )/m).map(firstLine);
      const links = [...new Set(below)].map((heading) => linkTo(heading.slice('### '.length)));
      return `- ${[linkTo(firstLine(section)), links.join(', ')].filter(Boolean).join(': ')}`;
    })
    .join('\n');
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

/** A link to a heading, with the anchor that code hosts give it. */
export function linkTo(heading: string, text: string = heading): string {
  const anchor = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '');
  return `[${text}](#${anchor.replace(/\s/g, '-')})`;
}
