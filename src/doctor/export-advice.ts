import { type CollectorEnvironment, endpointVariable, OTLP_ENDPOINT_VARIABLE } from '../config/otlp.ts';

/** What is wrong, and what to do. */
type Advice = readonly [reason: RegExp, advice: string];

/** The first that fits a reason. */
const ADVICE: readonly Advice[] = [
  [
    /^HTTP (?:3|4(?!29))|^ERR_INVALID|^gRPC (?:7|16)$/,
    'Check OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS.',
  ],
  [/^HTTP /, 'The collector, or a proxy before it, is overloaded or broken. See its log.'],
  [
    /^HPE_/,
    'It does not speak HTTP: if it is the port for gRPC, set OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or use port 4318.',
  ],
  [/^gRPC 4$/, 'It does not answer: it is overloaded, or does not speak gRPC. See its log.'],
  [/^gRPC 8$/, 'It is overloaded, or the batch is larger than it accepts. See its log.'],
  [/^gRPC 14$/, 'Does it speak gRPC? Collectors receive gRPC on port 4317, and HTTP on port 4318.'],
  [
    /SELF_SIGNED|^UNABLE_TO_/,
    'Its certificate is not trusted: set OTEL_EXPORTER_OTLP_CERTIFICATE to the file of its CA certificate.',
  ],
  [/^CERT_HAS_EXPIRED$|ALTNAME/, 'Its certificate has expired, or is that of another host.'],
  [
    /ALERT\w*_CERT/,
    'It asks for a valid certificate: set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY.',
  ],
  [/CERT/, 'Its certificate is not valid.'],
  [/^EPROTO$/, 'It does not speak TLS: if it is a local collector, write http:// instead of https://.'],
  [
    /./,
    'Is a collector running? OTEL_EXPORTER_OTLP_ENDPOINT sets its address; OTEL_TRACES_EXPORTER=console prints traces here instead.',
  ],
];

/** What to do if traces cannot be sent for this reason. */
export function adviceFor(reason: string, environment: CollectorEnvironment): string {
  const advice = ADVICE.find(([reasons]) => reasons.test(reason))?.[1] ?? '';
  return advice.replace(OTLP_ENDPOINT_VARIABLE, endpointVariable(environment) ?? OTLP_ENDPOINT_VARIABLE);
}
