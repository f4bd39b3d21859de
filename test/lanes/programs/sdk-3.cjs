const { OpenAIInstrumentation } = require('opentelemetry-instrumentation-openai');
require('./sdk-bare.cjs');

new OpenAIInstrumentation();
