import { field, stringField } from '../payload.ts';

/** Where a client sends its calls. */
export interface Endpoint {
  /** `gen_ai.provider.name` */
  readonly provider: string;
  /** `server.address` */
  readonly address: string | undefined;
  /** `server.port` */
  readonly port: number | undefined;
}

/** Host names, or what they end with, and the provider that answers there. */
const PROVIDERS: readonly (readonly [host: string, provider: string])[] = [
  ['api.openai.com', 'openai'],
  ['.openai.azure.com', 'azure.ai.openai'],
  ['.services.ai.azure.com', 'azure.ai.openai'],
  ['.cognitiveservices.azure.com', 'azure.ai.openai'],
  ['.amazonaws.com', 'aws.bedrock'],
  ['generativelanguage.googleapis.com', 'gcp.gemini'],
  ['-aiplatform.googleapis.com', 'gcp.vertex_ai'],
  ['api.anthropic.com', 'anthropic'],
  ['api.x.ai', 'x_ai'],
  ['api.groq.com', 'groq'],
  ['api.deepseek.com', 'deepseek'],
  ['api.mistral.ai', 'mistral_ai'],
  ['api.moonshot.ai', 'moonshot_ai'],
  ['api.moonshot.cn', 'moonshot_ai'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.cohere.com', 'cohere'],
  ['api.cohere.ai', 'cohere'],
  ['.ml.cloud.ibm.com', 'ibm.watsonx.ai'],
];

/** What an unknown host speaks is OpenAI's API, whoever answers. */
const DEFAULT_PROVIDER = 'openai';

interface Cached {
  readonly baseURL: string;
  readonly endpoint: Endpoint;
}
const endpoints = new WeakMap<object, Cached>();

/** The endpoint of a client, parsed once for each client and again when its base URL is changed. */
export function endpointOf(client: object): Endpoint {
  const baseURL = stringField(client, 'baseURL') ?? '';
  const cached = endpoints.get(client);
  if (cached?.baseURL === baseURL) return cached.endpoint;
  const endpoint = readEndpoint(baseURL, isAzureClient(client));
  endpoints.set(client, { baseURL, endpoint });
  return endpoint;
}

/** @param azure the client is an `AzureOpenAI`, which may point to a gateway of another name */
export function readEndpoint(baseURL: string, azure: boolean): Endpoint {
  const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined;
  const provider = providerOf(url?.hostname ?? '');
  return {
    provider: provider ?? (azure ? 'azure.ai.openai' : DEFAULT_PROVIDER),
    // An IPv6 address stands in brackets in URLs only.
    address: url?.hostname.replace(/^\[|\]$/g, '') || undefined,
    port: url === undefined ? undefined : Number(url.port) || (url.protocol === 'http:' ? 80 : 443),
  };
}

function providerOf(host: string): string | undefined {
  return PROVIDERS.find(([name]) => (/^[.-]/.test(name) ? host.endsWith(name) : host === name))?.[1];
}

/** Told by what an `AzureOpenAI` client has: minifiers rename classes, and there are two builds of each. */
function isAzureClient(client: object): boolean {
  return typeof field(client, 'apiVersion') === 'string' && 'deploymentName' in client;
}
