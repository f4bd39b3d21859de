// The setup as a layer, for handlers that stay unchanged: NODE_OPTIONS='--require /opt/nodejs/layer.cjs'
const { trace } = require('@opentelemetry/api');
const { AwsLambdaInstrumentation } = require('@opentelemetry/instrumentation-aws-lambda');
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { OpenAIInstrumentation } = require('opentelemetry-instrumentation-openai');

const lambda = new AwsLambdaInstrumentation();
new NodeSDK({ instrumentations: [lambda, new OpenAIInstrumentation()] }).start();
// The instrumentation flushes this provider after each invocation. NodeSDK does not pass one to it.
lambda.setTracerProvider(trace.getTracerProvider());
