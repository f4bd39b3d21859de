import { parseArgs } from 'node:util';
import { print } from './narration.ts';

/** The options of the demo: `npm run demo -- --content`. */
export interface Options {
  readonly agents: boolean;
  readonly content: boolean;
  readonly live: boolean;
  readonly otlp: boolean;
  readonly realtime: boolean;
  readonly recorded: boolean;
  readonly summary: boolean;
}

const USAGE: readonly string[] = [
  'Usage: npm run demo [-- options]',
  '  --agents   show the Math Tutor as a program of `@openai/agents` instead',
  '  --content  also show what was said: prompts, answers, code, arguments and results of tools',
  '  --live     also send the traces, with what was said, to the live page of the command `view`',
  '  --otlp     also send the traces to an OTLP/gRPC endpoint: OTEL_EXPORTER_OTLP_ENDPOINT, else localhost:4317',
  '  --realtime show a spoken conversation over a WebSocket instead, with an interruption',
  '  --recorded show a conversation of the Assistants API instead, whose answers were recorded',
  '  --summary  summarize each trace below its tree: a panel and a table of its calls',
  '  --help     show this',
];

/** Reads the command line. On `--help` or an unknown option, it prints the usage and exits. */
export function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        agents: { type: 'boolean', default: false },
        content: { type: 'boolean', default: false },
        live: { type: 'boolean', default: false },
        otlp: { type: 'boolean', default: false },
        realtime: { type: 'boolean', default: false },
        recorded: { type: 'boolean', default: false },
        summary: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (!values.help) return values;
    print(...USAGE);
    process.exit(0);
  } catch (error) {
    print(error instanceof Error ? error.message : String(error), ...USAGE);
    process.exit(2);
  }
}
