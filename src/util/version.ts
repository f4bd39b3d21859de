/** Name of the instrumentation scope, which is the name of the package. */
export const NAME = 'opentelemetry-instrumentation-openai';

/** The version in package.json: a test holds the two together. */
export const VERSION = '0.1.0';
