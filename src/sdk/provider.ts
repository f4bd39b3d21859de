import type { ProviderRow } from '../config/config.ts';
import { asText, field, type PayloadObject, readHeader, row, textField, tolerant } from '../util/payload.ts';
import { rememberClient } from './client-keys.ts';
import type { Route } from './routes/index.ts';

export interface Endpoint {
  /** Scheme, host and port of the base URL. Ids are unique only within one origin. Never recorded. */
  readonly origin: string;
  readonly provider: string;
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** Set if neither the host nor the client's class says who the provider is. `provider` is then a guess. */
  readonly isUnlisted?: boolean;
  /** Whether an answer from here has shown that OpenAI made it. */
  servesOpenAI?: boolean;
}

export interface ClientEndpoint extends Endpoint {
  /** The deployment of an Azure client, from its base URL or its option. It replaces the model. */
  readonly deployment: string | undefined;
  /** The deployment in the base URL, if it names one. Then all requests go to it. */
  readonly urlDeployment: string | undefined;
}

/**
 * The hosts of each provider; the first matching row decides. A self-hosted server is recognised by its host name or by
 * a port that no other software uses. The default ports of vLLM and LiteLLM are too common for that.
 */
const PROVIDERS: Readonly<Record<string, readonly string[]>> = {
  openai: ['api.openai.com', '*.api.openai.com'],
  'azure.ai.openai': [
    '*.openai.azure.com',
    '*.openai.azure.us',
    '*.openai.azure.cn',
    '*.services.ai.azure.com',
    '*.services.ai.azure.us',
    '*.cognitiveservices.azure.com',
    '*.cognitiveservices.azure.us',
    '*.cognitiveservices.azure.cn',
    '*.api.cognitive.microsoft.com',
    '*.azure-api.net',
  ],
  'github.models': ['models.github.ai', 'models.inference.ai.azure.com'],
  'azure.ai.inference': ['*.models.ai.azure.com', '*.inference.ai.azure.com'],
  'aws.bedrock': [
    'bedrock-runtime.*.amazonaws.com',
    'bedrock-runtime-fips.*.amazonaws.com',
    '*.bedrock-runtime.*.amazonaws.com',
    'bedrock-mantle.*.api.aws',
  ],
  'gcp.gemini': ['generativelanguage.googleapis.com'],
  'gcp.vertex_ai': [
    'aiplatform.googleapis.com',
    '*-aiplatform.googleapis.com',
    'aiplatform.*.googleapis.com',
  ],
  anthropic: ['api.anthropic.com'],
  x_ai: ['api.x.ai', '*.api.x.ai'],
  groq: ['api.groq.com'],
  deepseek: ['api.deepseek.com'],
  mistral_ai: ['api.mistral.ai', 'codestral.mistral.ai'],
  moonshot_ai: ['api.moonshot.ai', 'api.moonshot.cn'],
  perplexity: ['api.perplexity.ai'],
  cohere: ['api.cohere.com', 'api.cohere.ai'],
  'ibm.watsonx.ai': ['*.ml.cloud.ibm.com'],
  openrouter: ['openrouter.ai', '*.openrouter.ai'],
  together_ai: ['api.together.xyz', 'api.together.ai'],
  fireworks_ai: ['api.fireworks.ai'],
  cerebras: ['api.cerebras.ai'],
  nvidia: ['integrate.api.nvidia.com'],
  hugging_face: ['router.huggingface.co', '*.endpoints.huggingface.cloud'],
  dashscope: [
    'dashscope.aliyuncs.com',
    'dashscope-intl.aliyuncs.com',
    'dashscope-us.aliyuncs.com',
    '*.dashscope.aliyuncs.com',
    '*.maas.aliyuncs.com',
  ],
  z_ai: ['api.z.ai'],
  zhipu_ai: ['open.bigmodel.cn'],
  minimax: ['api.minimax.io', 'api.minimaxi.com'],
  volcengine: ['ark.*.volces.com', 'ark.*.bytepluses.com'],
  'vercel.ai_gateway': ['ai-gateway.vercel.sh'],
  'cloudflare.workers_ai': ['api.cloudflare.com'],
  'cloudflare.ai_gateway': ['gateway.ai.cloudflare.com'],
  'github.copilot': ['api.githubcopilot.com', 'api.*.githubcopilot.com'],
  deepinfra: ['api.deepinfra.com'],
  sambanova: ['api.sambanova.ai'],
  baseten: ['inference.baseten.co', '*.api.baseten.co'],
  portkey: ['api.portkey.ai', 'aigw.portkey.ai'],
  snowflake: ['*.snowflakecomputing.com'],
  ollama: ['ollama.com', 'ollama', 'ollama.*', '*:11434'],
  lm_studio: ['localhost:1234', '127.0.0.1:1234', '[::1]:1234', 'lmstudio', 'lmstudio.*'],
  vllm: ['vllm', 'vllm.*'],
  litellm: ['litellm', 'litellm.*'],
};

/**
 * Providers whose streams always end with a usage chunk, which must not be hidden from the program. Others that report
 * usage unasked, such as Mistral, put it into a chunk with choices, which is never hidden.
 */
export const SENDS_USAGE_UNASKED: readonly string[] = ['openrouter'];

/** The provider of an unknown host, which serves an OpenAI-compatible API. */
const DEFAULT_PROVIDER = 'openai';

/** The values of `provider` in `new OpenAI({ provider })` (openai 7), by the name that the SDK gives them. */
const SDK_PROVIDERS: Readonly<Record<string, string>> = {
  bedrock: 'aws.bedrock',
  vertex: 'gcp.vertex_ai',
};

interface Cached {
  readonly baseURL: string;
  readonly deploymentName: string | undefined;
  readonly rows: readonly ProviderRow[];
  readonly endpoint: ClientEndpoint;
}
const endpoints = new WeakMap<object, Cached>();
const NO_ROWS: readonly ProviderRow[] = [];

/**
 * The endpoint of a client, parsed once for each client and again when its base URL, deployment or rows change.
 *
 * @param rows the rows of the option `providers`, which take precedence
 */
export function endpointOfClient(client: object, rows: readonly ProviderRow[] = NO_ROWS): ClientEndpoint {
  try {
    return endpointOfFields(client as PayloadObject, client, rows);
  } catch {
    return endpointOfFields(tolerant(client) as PayloadObject, client, rows);
  }
}

function endpointOfFields(
  fields: PayloadObject,
  client: object,
  rows: readonly ProviderRow[],
): ClientEndpoint {
  // Only clients for Azure have a deployment. Older releases of openai 4 call it `_deployment`.
  const { baseURL: base, _deployment: older, deploymentName: name = older } = fields;
  const baseURL = typeof base === 'string' ? base : '';
  const deploymentName = name === undefined ? undefined : asText(name);
  const cached = endpoints.get(client);
  if (cached === undefined) rememberClient(client);
  if (cached?.baseURL === baseURL && cached.deploymentName === deploymentName && cached.rows === rows)
    return cached.endpoint;
  const urlDeployment = deploymentInUrl(baseURL);
  const deployment = urlDeployment ?? deploymentName;
  const endpoint = { ...parseBaseUrl(baseURL, providerOfClient(client), rows), deployment, urlDeployment };
  endpoints.set(client, { baseURL, deploymentName, rows, endpoint });
  return endpoint;
}

/** The headers of OpenAI's answers, which its proxies pass on, and other servers do not send. */
const HEADERS_OF_OPENAI: readonly string[] = [
  'openai-version',
  'openai-processing-ms',
  'openai-organization',
];

export function isFromOpenAI(headers: unknown): boolean {
  return HEADERS_OF_OPENAI.some((name) => readHeader(headers, name) !== undefined);
}

/** Remembers for runs, batches and agents, whose costs are not in one answer, that the client's endpoint serves OpenAI. */
export function noteMaker(client: object, headers: unknown): void {
  const endpoint = endpoints.get(client)?.endpoint;
  if (endpoint !== undefined && endpoint.servesOpenAI !== true && isFromOpenAI(headers))
    endpoint.servesOpenAI = true;
}

/** Empty if the client has not made a call. */
export function originOf(client: object): string {
  return endpoints.get(client)?.endpoint.origin ?? '';
}

/** The endpoint of a call to a whole URL, which may lead to another host than the client's. */
export function endpointOfUrl(
  url: string,
  client: object,
  rows: readonly ProviderRow[] = NO_ROWS,
): ClientEndpoint {
  const own = endpointOfClient(client, rows);
  if (!URL.canParse(url)) return own;
  const endpoint = parseBaseUrl(url, undefined, rows);
  if (endpoint.origin === own.origin) return own;
  const deployment = deploymentInUrl(url);
  return { ...endpoint, deployment, urlDeployment: deployment };
}

/** The paths for which `AzureOpenAI` uses its deployment in some release. */
const DEPLOYED_TEMPLATES: readonly string[] = [
  '/chat/completions',
  '/completions',
  '/embeddings',
  '/audio/speech',
  '/audio/transcriptions',
  '/audio/translations',
  '/images/edits',
  '/images/generations',
];

export function deploymentForRoute(
  { deployment, urlDeployment }: ClientEndpoint,
  { method, template }: Route,
): string | undefined {
  return method === 'POST' && DEPLOYED_TEMPLATES.includes(template) ? deployment : urlDeployment;
}

function deploymentInUrl(baseURL: string): string | undefined {
  const inPath = /\/deployments\/([^/?#]+)/.exec(baseURL)?.[1];
  try {
    return inPath === undefined ? undefined : decodeURIComponent(inPath);
  } catch {
    return undefined;
  }
}

/**
 * Reads the endpoint from the scheme, host and port of a base URL. The rest of the URL may contain secrets.
 *
 * @param clientProvider the provider by the client's class, for a host that is unknown, such as a gateway
 */
export function parseBaseUrl(
  baseURL: string,
  clientProvider?: string,
  rows: readonly ProviderRow[] = NO_ROWS,
): Endpoint {
  const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined;
  const port = url === undefined ? undefined : Number(url.port) || (url.protocol === 'http:' ? 80 : 443);
  const known = url === undefined ? undefined : providerOfHost(url.hostname, port, rows);
  const provider = known ?? clientProvider;
  return {
    origin: url === undefined ? '' : `${url.protocol}//${url.host}`,
    provider: provider ?? DEFAULT_PROVIDER,
    ...(provider === undefined && { isUnlisted: true }),
    // An IPv6 address has brackets in URLs only.
    address: url?.hostname.replace(/^\[|\]$/g, '') || undefined,
    port,
  };
}

function providerOfHost(
  host: string,
  port: number | undefined,
  rows: readonly ProviderRow[],
): string | undefined {
  const fits = (pattern: string): boolean => matches(pattern.toLowerCase(), host, port);
  const own = rows.find((candidate) => fits(candidate.host));
  if (own !== undefined) return own.provider;
  return Object.entries(PROVIDERS).find(([, hosts]) => hosts.some(fits))?.[0];
}

function matches(pattern: string, host: string, port: number | undefined): boolean {
  const subject = /:\d+$/.test(pattern) ? `${host}:${port}` : host;
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`).test(subject);
}

/** The provider by the client's class. It is recognised by its members, because class names vary. */
function providerOfClient(client: object): string | undefined {
  const hasDeployment = 'deploymentName' in client || '_deployment' in client;
  if (hasDeployment && typeof field(client, 'apiVersion') === 'string') return 'azure.ai.openai';
  if ('bedrockTokenProvider' in client) return 'aws.bedrock';
  return row(SDK_PROVIDERS, textField(field(client, '_provider'), 'name'));
}
