// The setup in a layer, for handlers that do not change: NODE_OPTIONS='--require /opt/nodejs/layer.cjs'
const { trace } = require('@opentelemetry/api');
const { AwsLambdaInstrumentation } = require('@opentelemetry/instrumentation-aws-lambda');
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { OpenAIInstrumentation } = require('opentelemetry-instrumentation-openai');

const lambda = new AwsLambdaInstrumentation();
new NodeSDK({ instrumentations: [lambda, new OpenAIInstrumentation()] }).start();
// It flushes this provider after each invocation. NodeSDK reports its instrumentations of none.
lambda.setTracerProvider(trace.getTracerProvider());
