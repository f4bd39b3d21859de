/** The name of the package, which is also the instrumentation scope. */
export const NAME = 'opentelemetry-instrumentation-openai';

/** How the command is called in a project that has the package. */
export const COMMAND: string = `npx ${NAME}`;

/** The header by which the command `view` says in each answer what it is. */
export const VIEW_HEADER = 'x-openai-traces-view';

/** The version in package.json. A test compares the two. */
export const VERSION = '0.1.0';
