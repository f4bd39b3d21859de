// Next.js calls this once when the server starts, before any route is loaded.
export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const { OpenAIInstrumentation } = await import('opentelemetry-instrumentation-openai');
  new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start();
}
