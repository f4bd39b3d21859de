import * as ATTR from '../../semconv/attributes.ts';
import { escapeControlCharacters } from '../../util/terminal-safe.ts';
import { apiOf, requestOf } from '../call-request.ts';
import { readMessages } from '../messages.ts';
import type { ViewedSpan } from '../viewed-span.ts';

export function isRepeatable({ attributes }: ViewedSpan): boolean {
  const isChat = attributes[ATTR.GEN_AI_OPERATION_NAME] === 'chat';
  return isChat && readMessages(attributes[ATTR.GEN_AI_INPUT_MESSAGES]) !== undefined;
}

const OPENAI_HOST = 'api.openai.com';

/** The address of the API. It comes from the program that sent the span, so anything but a host name is ignored. */
function baseUrlOf({ attributes }: ViewedSpan): string {
  const { [ATTR.SERVER_ADDRESS]: address, [ATTR.SERVER_PORT]: port = 443 } = attributes;
  const host = typeof address === 'string' && /^[\w.:-]+$/.test(address) ? address : OPENAI_HOST;
  const isHere = /^(?:localhost|127\.[\d.]+|::1)$/.test(host);
  const scheme = isHere || port === 80 ? 'http' : 'https';
  const place = Number(port) === 443 || !Number.isInteger(Number(port)) ? '' : `:${Number(port)}`;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}${place}/v1`;
}

/** The name of the variable with the API key. The key of OpenAI is used only for OpenAI's own host. */
function keyVariableOf(baseUrl: string): string {
  return baseUrl === `https://${OPENAI_HOST}/v1` ? 'OPENAI_API_KEY' : 'API_KEY';
}

export function curlOf(span: ViewedSpan): string {
  const baseUrl = baseUrlOf(span);
  return [
    `curl ${shellQuoted(baseUrl + apiOf(span).path)}`,
    `-H "Authorization: Bearer $${keyVariableOf(baseUrl)}"`,
    "-H 'Content-Type: application/json'",
    `-d ${shellQuoted(jsonOf(requestOf(span)))}`,
  ].join(' \\\n  ');
}

export function typeScriptOf(span: ViewedSpan): string {
  const baseUrl = baseUrlOf(span);
  return `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: ${jsonOf(baseUrl)}, apiKey: process.env.${keyVariableOf(baseUrl)} });
const answer = await client.${apiOf(span).method}.create(${jsonOf(requestOf(span))});
console.log(answer);
`;
}

/** JSON over several lines. Control characters are escaped, so that none is hidden. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, undefined, 2).split('\n').map(escapeControlCharacters).join('\n');
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
