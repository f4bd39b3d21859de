import { CONFIG_FILE_VARIABLE, hasConfigurationFile } from '../config/exporter-variables.ts';
import { field, row } from '../util/payload.ts';
import {
  type CollectorEnvironment,
  endpointVariable,
  NO_SCHEME,
  NOT_A_URL,
  OTLP_ENDPOINT_VARIABLE,
  SPACE_AT_END,
  ZIPKIN_VARIABLE,
} from './otlp-environment.ts';

/** What is reported as not sent. */
export type Signal = 'traces' | 'metrics';

/** What is wrong, and what to set, which a configuration file replaces. */
type Advice = readonly [problem: string, remedy?: string];

/** The first that fits a reason. */
const ADVICE: readonly (readonly [reason: RegExp, ...Advice])[] = [
  [
    /^HTTP (?:3|4(?!29))|^ERR_INVALID|^gRPC (?:7|16)$/,
    '',
    `Check ${OTLP_ENDPOINT_VARIABLE} and OTEL_EXPORTER_OTLP_HEADERS.`,
  ],
  [/^HTTP /, 'The collector, or a proxy before it, is overloaded or broken. See its log.'],
  [
    /^HPE_/,
    'It does not speak HTTP: ',
    'if it is the port for gRPC, set OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or use port 4318.',
  ],
  [/^gRPC 4$/, 'It does not answer: it is overloaded, or does not speak gRPC. See its log.'],
  [/^gRPC 8$/, 'It is overloaded, or the batch is larger than it accepts. See its log.'],
  [/^gRPC 14$/, 'Does it speak gRPC? Collectors receive gRPC on port 4317, and HTTP on port 4318.'],
  [
    /SELF_SIGNED|^UNABLE_TO_/,
    'Its certificate is not trusted: ',
    'set OTEL_EXPORTER_OTLP_CERTIFICATE to the file of its CA certificate.',
  ],
  [/^CERT_HAS_EXPIRED$|ALTNAME/, 'Its certificate has expired, or is that of another host.'],
  [
    /ALERT\w*_CERT/,
    'It asks for a valid certificate: ',
    'set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY.',
  ],
  [/CERT/, 'Its certificate is not valid.'],
  [/^EPROTO$/, 'It does not speak TLS: if it is a local collector, write http:// instead of https://.'],
];

/** What the variable of an endpoint must do, by the reason that it cannot be used. */
const ENDPOINT_RULES: Readonly<Record<string, string>> = {
  [NO_SCHEME]: 'start with http:// or https://',
  [NOT_A_URL]: 'be a URL such as http://localhost:4318',
  [SPACE_AT_END]: 'not end with a space',
};

/** What prints a signal here, or does without it. */
const INSTEAD: Readonly<Record<Signal, string>> = {
  traces: 'OTEL_TRACES_EXPORTER=console prints traces here instead.',
  metrics: 'OTEL_METRICS_EXPORTER=none disables metrics.',
};
export const ZIPKIN_ADVICE: string = `Is Zipkin running? ${ZIPKIN_VARIABLE} sets its address; ${INSTEAD.traces}`;

export function adviceFor(
  reason: string,
  environment: CollectorEnvironment,
  signal: Signal = 'traces',
): string {
  const variable = endpointVariable(environment) ?? OTLP_ENDPOINT_VARIABLE;
  const rule = row(ENDPOINT_RULES, reason);
  if (rule !== undefined) return `${variable} must ${rule}.`;
  const [, problem, remedy] = ADVICE.find(([reasons]) => reasons.test(reason)) ?? [
    reason,
    'Is a collector running? ',
    `${OTLP_ENDPOINT_VARIABLE} sets its address; ${INSTEAD[signal]}`,
  ];
  if (remedy === undefined) return problem;
  if (hasConfigurationFile(environment))
    return `${problem}${problem.endsWith(': ') ? 'see' : 'See'} the exporter in the file of ${CONFIG_FILE_VARIABLE}.`;
  return problem + (signal === 'traces' ? remedy.replace(OTLP_ENDPOINT_VARIABLE, variable) : remedy);
}

/** The reason where a collector has accepted the connection, and nothing else. */
export const NO_ANSWER = 'timeout';
/** After these statuses, exporters retry. Their error names none of them. */
const RETRIED_STATUS = 'HTTP 429, 502, 503 or 504';

/** Why an export failed: the code of a system error, a status, or the class of the error. Never its message, which may quote data. */
export function failureReason(error: unknown, depth = 0): string {
  const code = field(error, 'code') ?? field(error, 'statusCode');
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code;
  if (typeof code === 'number' && code >= 300) return `HTTP ${code}`;
  if (typeof code === 'number' && code > 0 && code <= 16) return `gRPC ${code}`;
  if (depth < 3) {
    const inner = field(error, 'cause') ?? field(field(error, 'errors'), 0);
    if (inner !== undefined) return failureReason(inner, depth + 1);
  }
  const message = field(error, 'message');
  if (typeof message === 'string' && /retryable status/.test(message)) return RETRIED_STATUS;
  if (typeof message === 'string' && /tim(?:ed? ?out|eout)/i.test(message)) return NO_ANSWER;
  const [, zipkinStatus] = /status code from zipkin: (\d{3})$/.exec(String(message)) ?? [];
  if (zipkinStatus !== undefined) return `HTTP ${zipkinStatus}`;
  return error instanceof Error ? error.name : 'unknown error';
}
