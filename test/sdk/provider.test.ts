import OpenAI, { AzureOpenAI } from 'openai';
import { BedrockOpenAI } from 'openai/bedrock';
import { describe, expect, test } from 'vitest';
import type { ProviderRow } from '../../src/config/config.ts';
import { endpointOfClient, endpointOfUrl, parseBaseUrl } from '../../src/sdk/provider.ts';

describe('the provider is recognised by its host', () => {
  test.each([
    ['https://api.openai.com/v1', 'openai'],
    ['https://eu.api.openai.com/v1', 'openai'],
    ['https://me.openai.azure.com/openai', 'azure.ai.openai'],
    ['https://me.openai.azure.us/openai', 'azure.ai.openai'],
    ['https://me.openai.azure.cn/openai', 'azure.ai.openai'],
    ['https://me.services.ai.azure.com/models', 'azure.ai.openai'],
    ['https://me.cognitiveservices.azure.com/openai', 'azure.ai.openai'],
    ['https://westeurope.api.cognitive.microsoft.com/openai', 'azure.ai.openai'],
    ['https://me.azure-api.net/openai', 'azure.ai.openai'],
    ['https://models.inference.ai.azure.com', 'github.models'],
    ['https://models.github.ai/inference', 'github.models'],
    ['https://api.githubcopilot.com', 'github.copilot'],
    ['https://api.business.githubcopilot.com', 'github.copilot'],
    ['https://api.cerebras.ai/v1', 'cerebras'],
    ['https://integrate.api.nvidia.com/v1', 'nvidia'],
    ['https://router.huggingface.co/v1', 'hugging_face'],
    ['https://x1.us-east-1.aws.endpoints.huggingface.cloud/v1', 'hugging_face'],
    ['https://dashscope.aliyuncs.com/compatible-mode/v1', 'dashscope'],
    ['https://dashscope-intl.aliyuncs.com/compatible-mode/v1', 'dashscope'],
    ['https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1', 'dashscope'],
    ['https://ws-1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1', 'dashscope'],
    ['https://api.z.ai/api/paas/v4', 'z_ai'],
    ['https://open.bigmodel.cn/api/paas/v4', 'zhipu_ai'],
    ['https://api.minimax.io/v1', 'minimax'],
    ['https://api.minimaxi.com/v1', 'minimax'],
    ['https://ark.cn-beijing.volces.com/api/v3', 'volcengine'],
    ['https://ark.ap-southeast.bytepluses.com/api/v3', 'volcengine'],
    ['https://ai-gateway.vercel.sh/v1', 'vercel.ai_gateway'],
    ['https://api.cloudflare.com/client/v4/accounts/a/ai/v1', 'cloudflare.workers_ai'],
    ['https://gateway.ai.cloudflare.com/v1/a/g/compat', 'cloudflare.ai_gateway'],
    ['https://api.deepinfra.com/v1/openai', 'deepinfra'],
    ['https://api.sambanova.ai/v1', 'sambanova'],
    ['https://inference.baseten.co/v1', 'baseten'],
    ['https://model-1.api.baseten.co/environments/production/sync/v1', 'baseten'],
    ['https://api.portkey.ai/v1', 'portkey'],
    ['https://o-a.snowflakecomputing.com/api/v2/cortex/v1', 'snowflake'],
    ['https://me.eastus.models.ai.azure.com/v1', 'azure.ai.inference'],
    ['https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1', 'aws.bedrock'],
    ['https://bedrock-runtime-fips.us-east-1.amazonaws.com/openai/v1', 'aws.bedrock'],
    ['https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com/openai/v1', 'aws.bedrock'],
    ['https://bedrock-mantle.us-east-1.api.aws/openai/v1', 'aws.bedrock'],
    ['https://balancer-1.us-east-1.elb.amazonaws.com/v1', 'openai'],
    ['https://generativelanguage.googleapis.com/v1beta/openai', 'gcp.gemini'],
    ['https://us-central1-aiplatform.googleapis.com/v1', 'gcp.vertex_ai'],
    ['https://aiplatform.googleapis.com/v1', 'gcp.vertex_ai'],
    ['https://aiplatform.eu.rep.googleapis.com/v1', 'gcp.vertex_ai'],
    ['https://api.anthropic.com/v1', 'anthropic'],
    ['https://api.x.ai/v1', 'x_ai'],
    ['https://us-east-1.api.x.ai/v1', 'x_ai'],
    ['https://api.groq.com/openai/v1', 'groq'],
    ['https://api.deepseek.com', 'deepseek'],
    ['https://api.mistral.ai/v1', 'mistral_ai'],
    ['https://codestral.mistral.ai/v1', 'mistral_ai'],
    ['https://api.moonshot.ai/v1', 'moonshot_ai'],
    ['https://api.moonshot.cn/v1', 'moonshot_ai'],
    ['https://api.perplexity.ai', 'perplexity'],
    ['https://api.cohere.ai/compatibility/v1', 'cohere'],
    ['https://api.cohere.com/compatibility/v1', 'cohere'],
    ['https://us-south.ml.cloud.ibm.com/ml/v1', 'ibm.watsonx.ai'],
    ['https://openrouter.ai/api/v1', 'openrouter'],
    ['https://eu.openrouter.ai/api/v1', 'openrouter'],
    ['https://api.together.xyz/v1', 'together_ai'],
    ['https://api.together.ai/v1', 'together_ai'],
    ['https://api.fireworks.ai/inference/v1', 'fireworks_ai'],
    ['http://localhost:11434/v1', 'ollama'],
    ['http://ollama:8080/v1', 'ollama'],
    ['https://ollama.com/v1', 'ollama'],
    ['http://localhost:1234/v1', 'lm_studio'],
    ['http://[::1]:1234/v1', 'lm_studio'],
    ['http://elsewhere.example:1234/v1', 'openai'],
    ['http://vllm:8000/v1', 'vllm'],
    ['http://vllm.models.svc.cluster.local/v1', 'vllm'],
    ['http://litellm:4000', 'litellm'],
    ['https://litellm.example.com', 'litellm'],
  ])('%s: %s', (baseURL, provider) => {
    expect(parseBaseUrl(baseURL).provider).toBe(provider);
  });

  test.each([
    'http://localhost:8000/v1',
    'http://localhost:4000/v1',
    'https://api.openai.com.evil.example/v1',
    'https://me.openai.azure.com.evil.example/v1',
    'https://evilapi.groq.com/v1',
    'https://apixgroq.com/v1',
    'https://evil.example/api.groq.com',
    'https://api.groq.com@evil.example/v1',
  ])('%s is an unknown host, which counts as an OpenAI-compatible API', (baseURL) => {
    expect(parseBaseUrl(baseURL)).toMatchObject({ provider: 'openai', isUnlisted: true });
  });
});

describe('with an unknown host, the provider is recognised by the client', () => {
  const baseURL = 'https://gateway.example/openai';
  const apiKey = 'sk-secret';

  test.each<[string, object, string]>([
    ['AzureOpenAI', new AzureOpenAI({ baseURL, apiKey, apiVersion: '2024-10-21' }), 'azure.ai.openai'],
    ['BedrockOpenAI', new BedrockOpenAI({ baseURL, apiKey }), 'aws.bedrock'],
    ['OpenAI', new OpenAI({ baseURL, apiKey }), 'openai'],
    ['OpenAI with a provider of the SDK', { baseURL, _provider: { name: 'vertex' } }, 'gcp.vertex_ai'],
    ['OpenAI with another provider', { baseURL, _provider: { name: 'constructor' } }, 'openai'],
    ['AzureOpenAI by its fields', { baseURL, apiVersion: '1', deploymentName: undefined }, 'azure.ai.openai'],
    ['AzureOpenAI of openai 4.77', { baseURL, apiVersion: '1', _deployment: undefined }, 'azure.ai.openai'],
    ['something with a version', { baseURL, apiVersion: '1' }, 'openai'],
    ['something odd', { baseURL: 5 }, 'openai'],
    ['nothing', {}, 'openai'],
  ])('%s', (_, client, provider) => {
    expect(endpointOfClient(client).provider).toBe(provider);
  });

  test('a known host takes precedence over the class', () => {
    expect(parseBaseUrl('https://api.groq.com/openai', 'azure.ai.openai').provider).toBe('groq');
  });
});

describe('provider rows of the program take precedence', () => {
  const rows: ProviderRow[] = [
    { host: 'LLM.example.com', provider: 'acme' },
    { host: '*.internal', provider: 'vllm' },
    { host: 'localhost:8000', provider: 'vllm' },
    { host: 'api.openai.com', provider: 'mine' },
  ];

  test.each([
    ['https://llm.example.com/v1', 'acme'],
    ['https://a.llm.example.com/v1', 'openai'],
    ['http://gpu-1.internal:9000/v1', 'vllm'],
    ['http://localhost:8000/v1', 'vllm'],
    ['http://localhost:8001/v1', 'openai'],
    ['https://api.openai.com/v1', 'mine'],
    ['https://api.groq.com/v1', 'groq'],
  ])('%s: %s', (baseURL, provider) => {
    expect(parseBaseUrl(baseURL, undefined, rows).provider).toBe(provider);
  });

  test('and are applied again to known clients', () => {
    const client = { baseURL: 'https://llm.example.com/v1' };
    expect(endpointOfClient(client).provider).toBe('openai');
    expect(endpointOfClient(client, rows).provider).toBe('acme');
  });
});

describe('only origin, address and port are read from the base URL', () => {
  test.each([
    ['https://api.openai.com/v1', 'https://api.openai.com', 'api.openai.com', 443],
    ['http://api.openai.com/v1', 'http://api.openai.com', 'api.openai.com', 80],
    ['http://127.0.0.1:8080/v1', 'http://127.0.0.1:8080', '127.0.0.1', 8080],
    ['http://[::1]:8080/v1', 'http://[::1]:8080', '::1', 8080],
    [
      'https://user:secret@Gateway.Example/secret?key=secret#secret',
      'https://gateway.example',
      'gateway.example',
      443,
    ],
    ['/v1', '', undefined, undefined],
    ['', '', undefined, undefined],
    ['not a URL', '', undefined, undefined],
  ])('%s: %s %s %s', (baseURL, origin, address, port) => {
    const isUnlisted = address === 'api.openai.com' ? undefined : true;
    expect(parseBaseUrl(baseURL)).toEqual({ provider: 'openai', isUnlisted, origin, address, port });
  });
});

test('the endpoint of a client is read once, and again after its base URL or deployment has changed', () => {
  const client = { baseURL: 'https://me.openai.azure.com/openai', deploymentName: 'one' };
  const first = endpointOfClient(client);
  expect([first.provider, first.deployment]).toEqual(['azure.ai.openai', 'one']);
  expect(endpointOfClient(client)).toBe(first);
  client.deploymentName = 'two';
  expect(endpointOfClient(client).deployment).toBe('two');
  client.baseURL = 'https://api.x.ai/v1';
  expect(endpointOfClient(client).provider).toBe('x_ai');
});

describe('the deployment of an Azure client is read from the client or its base URL', () => {
  test.each<[object, string | undefined]>([
    [{ baseURL: 'https://me.openai.azure.com/openai', deploymentName: 'mine' }, 'mine'],
    [{ baseURL: 'https://me.openai.azure.com/openai', _deployment: 'mine' }, 'mine'],
    [
      { baseURL: 'https://me.openai.azure.com/openai/deployments/my%20own', deploymentName: undefined },
      'my own',
    ],
    [{ baseURL: 'https://me.openai.azure.com/openai/deployments/mine/' }, 'mine'],
    [{ baseURL: 'https://me.openai.azure.com/openai/deployments/mine', deploymentName: 'not-sent' }, 'mine'],
    [{ baseURL: 'https://me.openai.azure.com/openai/deployments/%E0%A4%A' }, undefined],
    [{ baseURL: 'https://me.openai.azure.com/openai/v1' }, undefined],
    [{}, undefined],
  ])('%j: %s', (client, deployment) => {
    expect(endpointOfClient(client).deployment).toBe(deployment);
  });
});

describe('a call to a whole URL', () => {
  const client = new AzureOpenAI({
    apiKey: 'test',
    apiVersion: '2024-10-21',
    endpoint: 'https://me.openai.azure.com',
    deployment: 'mine',
  });

  test('goes to the host of the URL', () => {
    expect(endpointOfUrl('https://api.groq.com/openai/v1/models?key=secret', client)).toEqual({
      origin: 'https://api.groq.com',
      provider: 'groq',
      address: 'api.groq.com',
      port: 443,
      deployment: undefined,
      urlDeployment: undefined,
    });
  });

  test('has the deployment of the client at its host', () => {
    expect(endpointOfUrl('https://me.openai.azure.com/openai/files', client)).toBe(endpointOfClient(client));
  });

  test('is one to the client’s host if the URL cannot be read', () => {
    expect(endpointOfUrl('https://', client)).toBe(endpointOfClient(client));
  });
});

test('fields of a client that throw when read are left out', () => {
  class Throwing extends OpenAI {
    get deploymentName(): string {
      throw new Error('not yet');
    }
  }
  const client = new Throwing({ apiKey: 'k', baseURL: 'https://api.groq.com/openai/v1' });
  expect(endpointOfClient(client)).toMatchObject({ provider: 'groq', deployment: undefined });
});
