/** The name of the package, which is also the instrumentation scope. */
export const NAME = 'opentelemetry-instrumentation-openai';

/** The version in package.json. A test compares the two. */
export const VERSION = '0.1.0';
