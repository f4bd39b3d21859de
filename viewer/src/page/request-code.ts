import { apiOf, requestOf } from '../call-request.ts';
import { readMessages } from '../messages.ts';
import * as ATTR from '../semconv/attributes.ts';
import { escapeControlCharacters } from '../shared/terminal-safe.ts';
import type { ViewedSpan } from '../viewed-span.ts';

export function isRepeatable({ attributes }: ViewedSpan): boolean {
  const isChat = attributes[ATTR.GEN_AI_OPERATION_NAME] === 'chat';
  return isChat && readMessages(attributes[ATTR.GEN_AI_INPUT_MESSAGES]) !== undefined;
}

/** The command takes the API from the variables that the SDK reads. It sends a key nowhere that a span names. */
export function curlOf(span: ViewedSpan): string {
  const api = apiOf(span);
  return [
    `curl "\${OPENAI_BASE_URL:-https://api.openai.com/v1}${api.path}"`,
    '-H "Authorization: Bearer $OPENAI_API_KEY"',
    "-H 'Content-Type: application/json'",
    `-d '${jsonOf(requestOf(span, api)).replaceAll("'", "'\\''")}'`,
  ].join(' \\\n  ');
}

export function typeScriptOf(span: ViewedSpan): string {
  const api = apiOf(span);
  return `import OpenAI from 'openai';

const client = new OpenAI();
const answer = await client.${api.method}.create(${jsonOf(requestOf(span, api))});
console.log(answer);
`;
}

/** JSON over several lines. Control characters are escaped, so that none is hidden. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, undefined, 2).split('\n').map(escapeControlCharacters).join('\n');
}
