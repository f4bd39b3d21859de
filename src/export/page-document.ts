import { createHash } from 'node:crypto';
import { PAGE_SCRIPT, PAGE_STYLE } from './page-assets.ts';

/**
 * A page that shows spans: one document that needs nothing else. Its policy lets it run its own script and nothing
 * more, and load nothing; what the spans say is data in it, which no parser of HTML can take for anything else.
 *
 * @param spans each a `PageSpan` in JSON
 * @param omitted how many spans did not fit
 */
export function pageDocument(spans: readonly string[], omitted: number): string {
  const policy = `default-src 'none'; script-src ${hashOf(PAGE_SCRIPT)}; style-src ${hashOf(PAGE_STYLE)}; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>OpenAI traces</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<noscript>This page draws its traces with a script of its own.</noscript>
<script type="application/json" id="data">${inert(`{"omitted":${omitted},"spans":[${spans.join(',\n')}]}`)}</script>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

/** JSON without the character that could end the element it stands in. It occurs in strings alone, where it can be escaped. */
export function inert(json: string): string {
  return json.replaceAll('<', '\\u003c');
}

/** A source of the policy: the text that may run, by its hash. */
function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
