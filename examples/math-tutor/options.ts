import { parseArgs } from 'node:util';
import { print } from './narration.ts';

/** What the demo can be asked for, as `npm run demo -- --content`. */
export interface Options {
  readonly agents: boolean;
  readonly content: boolean;
  readonly live: boolean;
  readonly otlp: boolean;
  readonly realtime: boolean;
  readonly summary: boolean;
}

const USAGE: readonly string[] = [
  'Usage: npm run demo [-- options]',
  '  --agents   show the Math Tutor as a program of `@openai/agents` instead',
  '  --content  show what was said, too: prompts, answers, code, arguments and results of tools',
  '  --live     send the traces, with what was said, to the live page of the command `view`, too',
  '  --otlp     send the traces to an OTLP/gRPC endpoint, too: OTEL_EXPORTER_OTLP_ENDPOINT, else localhost:4317',
  '  --realtime a spoken conversation over a WebSocket instead, with an interruption',
  '  --summary  sum each trace up below its tree: a panel and a table of its calls',
  '  --help     show this',
];

/** Reads the command line. On `--help`, or on what is none of the options, it says what there is and exits. */
export function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        agents: { type: 'boolean', default: false },
        content: { type: 'boolean', default: false },
        live: { type: 'boolean', default: false },
        otlp: { type: 'boolean', default: false },
        realtime: { type: 'boolean', default: false },
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
