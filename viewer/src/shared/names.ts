/** The name of the package, which is also the instrumentation scope. */
export const NAME = 'opentelemetry-instrumentation-openai';

export const COMMAND: string = `npx ${NAME}`;

/** The header of each response of the command `view`, by which programs know it, and of the spans in progress that they send. */
export const VIEW_HEADER = 'x-openai-traces-view';

/** The value of that header. */
export const LIVE = 'live';
