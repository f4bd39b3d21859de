const OpenAI = require('openai');
const { VERSION } = require('openai/version');
const { trace } = require('@opentelemetry/api');
const scenarios = require('./scenarios.cjs');
const { writeResult } = require('./write.cjs');

const client = new OpenAI({ apiKey: 'sk-secret', baseURL: process.env.BASE_URL, maxRetries: 0 });
const scenario = scenarios[process.env.SCENARIO];
const tracer = trace.getTracer('program');

tracer.startActiveSpan('program', async (span) => {
  writeResult(await scenario(client, VERSION));
  span.end();
});
