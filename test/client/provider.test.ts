import { describe, expect, test } from 'vitest';
import { endpointOf, readEndpoint } from '../../src/client/provider.ts';

describe('the provider is told from the host', () => {
  test.each([
    ['https://api.openai.com/v1', 'openai'],
    ['https://me.openai.azure.com/openai', 'azure.ai.openai'],
    ['https://me.services.ai.azure.com/models', 'azure.ai.openai'],
    ['https://me.cognitiveservices.azure.com/openai', 'azure.ai.openai'],
    ['https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1', 'aws.bedrock'],
    ['https://generativelanguage.googleapis.com/v1beta/openai', 'gcp.gemini'],
    ['https://us-central1-aiplatform.googleapis.com/v1', 'gcp.vertex_ai'],
    ['https://api.anthropic.com/v1', 'anthropic'],
    ['https://api.x.ai/v1', 'x_ai'],
    ['https://api.groq.com/openai/v1', 'groq'],
    ['https://api.deepseek.com', 'deepseek'],
    ['https://api.mistral.ai/v1', 'mistral_ai'],
    ['https://api.perplexity.ai', 'perplexity'],
    ['http://localhost:11434/v1', 'openai'],
    ['https://api.openai.com.evil.example/v1', 'openai'],
    ['https://me.openai.azure.com.evil.example/v1', 'openai'],
    ['https://evilapi.groq.com/v1', 'openai'],
  ])('%s: %s', (baseURL, provider) => {
    expect(readEndpoint(baseURL, false).provider).toBe(provider);
  });

  test('a client for Azure may point to a gateway of another name', () => {
    expect(readEndpoint('https://gateway.example/openai', true).provider).toBe('azure.ai.openai');
    expect(readEndpoint('https://api.groq.com/openai', true).provider).toBe('groq');
  });
});

describe('address and port are those of the base URL', () => {
  test.each([
    ['https://api.openai.com/v1', 'api.openai.com', 443],
    ['http://api.openai.com/v1', 'api.openai.com', 80],
    ['http://127.0.0.1:8080/v1', '127.0.0.1', 8080],
    ['http://[::1]:8080/v1', '::1', 8080],
    ['https://user:secret@Gateway.Example/secret?key=secret', 'gateway.example', 443],
    ['/v1', undefined, undefined],
    ['', undefined, undefined],
    ['not a URL', undefined, undefined],
  ])('%s: %s %s', (baseURL, address, port) => {
    expect(readEndpoint(baseURL, false)).toMatchObject({ address, port });
  });
});

describe('the endpoint of a client', () => {
  test('is read once, and again when its base URL is changed', () => {
    const client = { baseURL: 'https://api.groq.com/v1' };
    const first = endpointOf(client);
    expect(first.provider).toBe('groq');
    expect(endpointOf(client)).toBe(first);
    client.baseURL = 'https://api.x.ai/v1';
    expect(endpointOf(client).provider).toBe('x_ai');
  });

  test.each([
    [
      { baseURL: 'http://localhost/v1', apiVersion: '2024-10-21', deploymentName: undefined },
      'azure.ai.openai',
    ],
    [{ baseURL: 'http://localhost/v1', apiVersion: '2024-10-21' }, 'openai'],
    [{ baseURL: 5 }, 'openai'],
    [{}, 'openai'],
  ])('%j is at %s', (client, provider) => {
    expect(endpointOf(client).provider).toBe(provider);
  });
});
