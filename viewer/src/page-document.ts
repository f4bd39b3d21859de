import { NAME } from './shared/names.ts';
import { SpanStore } from './span-store.ts';
import type { ViewedSpan } from './viewed-span.ts';

/** The script and the style of a page, and the content security policy that allows them. */
export interface PageParts {
  readonly policy: string;
  readonly script: string;
  readonly style: string;
}

/** A self-contained page. Its data is JSON that an HTML parser cannot mistake for markup. */
export function pageHtml({ policy, script, style }: PageParts, data: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="license" content="Contains Preact, @preact/signals and markdown-it under the MIT license, see NOTICE of the package ${NAME}.">
<title>OpenAI traces</title>
${elementOf('style', '', style)}
</head>
<body>
${elementOf('noscript', '', 'This page needs JavaScript to show its traces.')}
${elementOf('script', ' type="application/json" id="data"', inert(data))}
${elementOf('script', '', script)}
</body>
</html>
`;
}

/** The page's own script uses this, too, so the end tag of a script must not be in the source. */
function elementOf(name: string, attributes: string, content: string): string {
  return `<${name}${attributes}>${content}</${name}>`;
}

/** @param omitted the number of spans that did not fit */
export function pageData(spans: readonly ViewedSpan[], omitted: number): string {
  const json = spans.map((span) => JSON.stringify(span)).join(',\n');
  return `{"omitted":${omitted},"spans":[${json}]}`;
}

/** Escapes `<` in JSON, because `</script>` would end the script element. `<` occurs only inside strings. */
export function inert(json: string): string {
  return json.replaceAll('<', '\\u003c');
}

/** The maximum size of all spans on a page, in UTF-16 units. Browsers can still open such a page. */
const MAX_PAGE_LENGTH = 50_000_000;

/** The spans that fit on a page. The first traces are left out whole. */
export function fittingSpans(spans: readonly ViewedSpan[]): SpanStore {
  const store = new SpanStore({
    maxTraces: Number.POSITIVE_INFINITY,
    maxSize: MAX_PAGE_LENGTH,
    sizeOf: (span) => inert(JSON.stringify(span)).length,
  });
  store.take(spans);
  return store;
}
