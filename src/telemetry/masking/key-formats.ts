/** How keys begin, and how many characters follow at least. To find another service's keys, add a row. */
const KEY_FORMATS: readonly (readonly [start: string, length: number])[] = [
  ['sk-', 16], // OpenAI, Anthropic (`sk-ant-`), OpenRouter (`sk-or-`), Langfuse (`sk-lf-`) and others.
  ['hf_|gsk_|xai-|pplx-|r8_', 20], // Hugging Face, Groq, xAI, Perplexity, Replicate.
  ['ek_|sess-', 20], // Client secrets and sessions of OpenAI.
  ['[sr]k_(?:live|test)_|whsec_', 16], // Stripe.
  ['gh[pousr]_|github_pat_|glpat-|npm_|pypi-', 20], // GitHub, GitLab, npm, PyPI.
  ['A[KS]IA', 16], // AWS: the key id. The secret key has no format.
  [String.raw`AIza|ya29\.`, 20], // Google: API keys and access tokens.
  ['xox[bpars]-|xapp-', 10], // Slack.
  [String.raw`SG\.[\w.-]{19,}`, 1], // SendGrid. A trailing full stop belongs to the sentence, not the key.
  ['dop_v1_|shpat_|shpss_', 20], // DigitalOcean and Shopify.
];

/** The pattern of any key. The first letters of all keys, `AGSdeghnprswxy`, are also in `find-private.ts`. */
export const KEY: string = `(?=[AGSdeghnprswxy])(?:${KEY_FORMATS.map(
  ([start, length]) => String.raw`(?:${start})[\w-]{${length},}`,
).join('|')})`;

const PEM_LABEL = '[A-Z ]{0,28}PRIVATE KEY-----';

/** The pattern of a private key, up to its last line or to the end of a text that was cut before. */
export const PRIVATE_KEY: string = `-----BEGIN ${PEM_LABEL}[^]*?(?:-----END ${PEM_LABEL}|$)`;
