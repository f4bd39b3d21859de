/** The name of the package, which is also the instrumentation scope. */
export const NAME = 'opentelemetry-instrumentation-openai';

export const COMMAND: string = `npx ${NAME}`;

/** The header that identifies each response of the command `view`. */
export const VIEW_HEADER = 'x-openai-traces-view';

/** The version in package.json. A test checks that they are equal. */
export const VERSION = '0.1.0';
