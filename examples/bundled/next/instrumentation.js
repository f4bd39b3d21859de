// Next.js calls this once when the server starts, before any route is loaded.
export async function register() {
  // A block instead of an early `return`: webpack would bundle the code after that for the edge runtime, too.
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { NodeSDK } = await import('@opentelemetry/sdk-node');
    const { OpenAIInstrumentation } = await import('opentelemetry-instrumentation-openai');
    new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start();
  }
}
