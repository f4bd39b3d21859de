import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { parseKeyPairsIntoRecord } from '@opentelemetry/core';
import { hasConfigurationFile, namedExporters } from '../config/environment.ts';
import type { Environment } from '../config/option-parsers.ts';
import {
  addressWithoutSecrets,
  ENDPOINT_RULES,
  endpointVariable,
  lacksScheme,
  malformationIn,
  namedProtocol,
  OTLP_ENDPOINT_VARIABLE,
  parseAddress,
  tracesEndpoint,
  tracesProtocol,
  usesProxy,
} from '../config/otlp.ts';
import type { Finding } from '../diagnostics/findings.ts';
import { connectionFailure } from '../telemetry/program-end/unsent.ts';
import { failureReason, NO_ANSWER } from '../util/export-result.ts';
import { type Check, checked, problem, skippedCheck } from './check.ts';

export const ENDPOINT_CHECK = 'endpoint';
const COLLECTOR_CHECK = 'collector';
const REPLACED_BY_FILE = 'OTEL_CONFIG_FILE may replace the exporter variables';
const PROBE_TIMEOUT_MS = 2_000;

/** Checks whether traces can be sent to an endpoint, judging by its address alone. */
export function examineEndpoint(environment: Environment): Check {
  if (hasConfigurationFile(environment)) return skippedCheck(ENDPOINT_CHECK, REPLACED_BY_FILE);
  const variable = endpointVariable(environment) ?? OTLP_ENDPOINT_VARIABLE;
  const endpoint = environment[variable]?.trim() ?? '';
  const protocol = tracesProtocol(environment);
  const named = namedProtocol(environment) ?? protocol;
  const malformation = malformationIn(environment);
  const misdirection = misdirectionOf(variable, endpoint, protocol);
  const findings: Finding[] = [];
  const report = (wrong: string, remedy: string): void =>
    void findings.push(problem('endpoint_malformed', wrong, remedy));
  if (named !== protocol)
    report(
      `${JSON.stringify(named.slice(0, 40))} is no protocol of OTLP.`,
      'Use http/protobuf, http/json or grpc.',
    );
  if (malformation !== undefined)
    report(`${variable} cannot be used (${malformation}).`, `It must ${ENDPOINT_RULES[malformation]}.`);
  if (misdirection !== undefined) report(`${variable} ${misdirection[0]}.`, misdirection[1]);
  if (findings.length > 0)
    return checked(ENDPOINT_CHECK, `${variable} cannot be used for ${protocol}`, findings);
  const target = addressWithoutSecrets(tracesEndpoint(environment, protocol));
  return endpoint === ''
    ? skippedCheck(ENDPOINT_CHECK, `${variable} is not set; exporters use ${target}`)
    : checked(ENDPOINT_CHECK, `${variable} sends ${protocol} to ${target}`);
}

/** What is wrong with an endpoint whose form is valid, and what to do; `undefined` if nothing is. */
function misdirectionOf(
  variable: string,
  endpoint: string,
  protocol: string,
): readonly [wrong: string, remedy: string] | undefined {
  const { hostname = '', port = '', pathname = '' } = parseAddress(endpoint) ?? {};
  const isGrpc = protocol === 'grpc';
  if (isGrpc && lacksScheme(endpoint) && /^(?:localhost$|\[::1\]$|127\.)/.test(hostname))
    return ['has no http://, so the exporter speaks TLS', 'Add http:// before it.'];
  if (port === (isGrpc ? '4318' : '4317')) {
    const [spoken, right, other] = isGrpc ? ['HTTP', '4317', 'http/protobuf'] : ['gRPC', '4318', 'grpc'];
    const remedy = `Use port ${right}, or OTEL_EXPORTER_OTLP_PROTOCOL=${other}.`;
    return [`has port ${port}, where collectors speak ${spoken}`, remedy];
  }
  if (isGrpc) return undefined;
  const [suffix] = /\/v1\/(?:traces|metrics|logs)\/?$/.exec(pathname) ?? [];
  const isForAllSignals = variable === OTLP_ENDPOINT_VARIABLE;
  if (isForAllSignals && suffix !== undefined)
    return [`ends in ${suffix}, and exporters add /v1/traces to it`, `Remove ${suffix}.`];
  if (isForAllSignals || pathname !== '/') return undefined;
  const remedy = `Add /v1/traces, or set ${OTLP_ENDPOINT_VARIABLE} instead.`;
  return ['has no path, and exporters add none to it', remedy];
}

/**
 * Asks the endpoint of the environment whether it accepts traces. Not one that only a start script sets
 * (`isSetElsewhere`): the headers of this environment are not meant for that.
 */
export async function examineCollector(environment: Environment, isSetElsewhere: boolean): Promise<Check> {
  const skipped = (reason: string): Check => skippedCheck(COLLECTOR_CHECK, reason);
  if (hasConfigurationFile(environment)) return skipped(REPLACED_BY_FILE);
  const exporters = namedExporters(environment);
  if (exporters.length > 0 && !exporters.includes('otlp'))
    return skipped(`OTEL_TRACES_EXPORTER is ${exporters.join(',')}`);
  const isDefault = endpointVariable(environment) === undefined;
  if (isDefault && isSetElsewhere) return skipped('only a start script sets the endpoint');
  const check = await probeCollector(environment);
  if (!isDefault) return check;
  const detail = `the default ${check.detail}`;
  // An endpoint that does not answer is a problem only if the environment names an exporter.
  return check.result === 'ok' || exporters.length > 0
    ? { ...check, detail }
    : skipped(`${detail}; your code may name another endpoint`);
}

/** Contacts the collector without spans: over HTTP with an exporter's request, over gRPC by only connecting. */
async function probeCollector(environment: Environment): Promise<Check> {
  const protocol = tracesProtocol(environment);
  const url = parseAddress(tracesEndpoint(environment, protocol));
  if (url === undefined || lacksScheme(url.href) || malformationIn(environment) !== undefined)
    return skippedCheck(COLLECTOR_CHECK, `${endpointVariable(environment) ?? 'the endpoint'} is malformed`);
  if (usesProxy(environment)) return skippedCheck(COLLECTOR_CHECK, 'a proxy is set in the environment');
  // The exporter's own certificates are not read here. With any, only a connection is opened.
  const isConnectionOnly =
    protocol === 'grpc' ||
    Object.keys(environment).some((name) =>
      /^OTEL_EXPORTER_OTLP_(?:TRACES_)?(?:CLIENT_)?CERTIFICATE$/.test(name),
    );
  const answer = isConnectionOnly
    ? await connectionFailure(url, PROBE_TIMEOUT_MS)
    : await exportNothing(url, protocol, environment);
  const shown = addressWithoutSecrets(url.href.replace(/\/$/, ''));
  if (answer === undefined) return checked(COLLECTOR_CHECK, `${shown} accepts connections`);
  const reason = typeof answer === 'number' ? `HTTP ${answer}` : answer;
  if (typeof answer === 'number' && !isRefusal(answer))
    return checked(COLLECTOR_CHECK, `${shown} answers (${reason})`);
  const message = `${shown} does not accept traces (${reason}).`;
  const finding = problem('endpoint_unreachable', message, adviceFor(reason, environment));
  return checked(COLLECTOR_CHECK, `${shown}: ${reason}`, [finding]);
}

/**
 * Whether a status means that the receiver does not accept traces: exporters do not follow redirects, either. A working
 * collector may answer an empty request with other statuses, such as 400.
 */
function isRefusal(status: number): boolean {
  return (status >= 300 && status < 400) || [401, 403, 404, 405, 429, 502, 503, 504].includes(status);
}

/** @returns the HTTP status, or why there is none */
async function exportNothing(url: URL, protocol: string, environment: Environment): Promise<number | string> {
  const isJson = protocol === 'http/json';
  const body = isJson ? '{"resourceSpans":[]}' : '';
  const { OTEL_EXPORTER_OTLP_HEADERS: all, OTEL_EXPORTER_OTLP_TRACES_HEADERS: traces } = environment;
  const headers = {
    ...parseKeyPairsIntoRecord(all),
    ...parseKeyPairsIntoRecord(traces),
    'content-type': isJson ? 'application/json' : 'application/x-protobuf',
    'content-length': body.length,
  };
  try {
    const { request } = url.protocol === 'https:' ? https : http;
    const sent = request(url, { method: 'POST', headers, signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    // An error after the response would end this process if nothing listened to it.
    sent.on('error', () => undefined).end(body);
    const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
    response.destroy();
    return response.statusCode ?? 0;
  } catch (error) {
    return /^(?:Timeout|Abort)Error$/.test((error as Error).name) ? NO_ANSWER : failureReason(error);
  }
}

/** What to do if traces cannot be sent. The first pattern that matches the reason decides. */
const ADVICE: readonly (readonly [reason: RegExp, advice: string])[] = [
  [/^HTTP (?:3|4(?!29))|^ERR_INVALID/, 'Check OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS.'],
  [/^HTTP /, 'The collector, or a proxy before it, is overloaded or broken. See its log.'],
  [
    /^HPE_/,
    'It does not speak HTTP: if it is the port for gRPC, set OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or use port 4318.',
  ],
  [/^EPROTO$/, 'It does not speak TLS: if it is a local collector, write http:// instead of https://.'],
  [
    /CERT|SELF_SIGNED|^UNABLE_TO_/,
    'Check the certificates: OTEL_EXPORTER_OTLP_CERTIFICATE names the file of its CA, and OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE that of the exporter.',
  ],
];
const START_COLLECTOR =
  'Is a collector running? OTEL_EXPORTER_OTLP_ENDPOINT sets its address; OTEL_TRACES_EXPORTER=console prints traces here instead.';

export function adviceFor(reason: string, environment: Environment): string {
  const advice = ADVICE.find(([reasons]) => reasons.test(reason))?.[1] ?? START_COLLECTOR;
  return advice.replace(OTLP_ENDPOINT_VARIABLE, endpointVariable(environment) ?? OTLP_ENDPOINT_VARIABLE);
}
