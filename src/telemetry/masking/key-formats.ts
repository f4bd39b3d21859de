/** Part of a name, such as that of a package. No key consists of such parts alone. */
const NAME_PART = String.raw`(?:[A-Za-z]?[a-z]{1,14}|v?\d{1,4})`;

/** How keys begin, and how many characters follow at least. To find another service's keys, add a row. */
const KEY_FORMATS: readonly (readonly [start: string, length: number])[] = [
  // OpenAI, Anthropic (`sk-ant-`), OpenRouter (`sk-or-`), Langfuse (`sk-lf-`) and others.
  [String.raw`sk-(?!${NAME_PART}(?:[-_]${NAME_PART}){1,12}(?![\w-]))`, 16],
  ['hf_|gsk_|xai-|pplx-|r8_', 20], // Hugging Face, Groq, xAI, Perplexity, Replicate.
  ['ek_|sess-', 20], // Client secrets and sessions of OpenAI.
  ['[sr]k_(?:live|test)_|whsec_', 16], // Stripe.
  ['gh[pousr]_|github_pat_|glpat-|npm_|pypi-', 20], // GitHub, GitLab, npm, PyPI.
  ['A[KS]IA', 16], // AWS: the key id. The secret key has no format.
  [String.raw`AIza|ya29\.|GOCSPX-`, 20], // Google: API keys, access tokens and client secrets.
  ['xox[bpars]-|xapp-', 10], // Slack.
  [String.raw`hooks\.slack(?:-gov)?\.com(?:\\?\/[\w-]+){2,8}\\?\/`, 1], // Webhook addresses of Slack.
  [String.raw`SG\.[\w.-]{19,}`, 1], // SendGrid. A trailing full stop belongs to the sentence, not the key.
  ['dop_v1_|shpat_|shpss_', 20], // DigitalOcean and Shopify.
];

/** A shorter text begins like a token by chance. */
const MIN_JSON_WEB_TOKEN_LENGTH = 24;

/** The pattern of any key. The first letters of all keys, `AGSdeghnprswxy`, are also in `find-private.ts`. */
export const KEY: string = `(?=[AGSdeghnprswxy])(?:${KEY_FORMATS.map(
  ([start, length]) => String.raw`(?:${start})[\w-]{${length},}`,
).join('|')})`;

/** What may be a JSON Web Token, in base64: three parts, or five if it is encrypted, of which the second may be empty. */
export const JSON_WEB_TOKEN: string = String.raw`eyJ[\w-]*(?:\.[\w-]*){0,2}(?:\.[\w-]+\.[\w-]+)?`;

export function isJsonWebToken(text: string): boolean {
  return text.length >= MIN_JSON_WEB_TOKEN_LENGTH && text.split('.').length > 2;
}

const PEM_LABEL = '[A-Z ]{0,28}PRIVATE KEY(?: BLOCK)?-----';

/** The pattern of a private key, up to its last line or to the end of a text that was cut before. */
export const PRIVATE_KEY: string = `-----BEGIN ${PEM_LABEL}[^]*?(?:-----END ${PEM_LABEL}|$)`;
