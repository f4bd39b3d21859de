import http from 'node:http';
import https from 'node:https';
import { parseKeyPairsIntoRecord } from '@opentelemetry/core';
import { hasConfigurationFile, namedExporters } from '../config/environment.ts';
import { shownValue } from '../config/option-parsers.ts';
import {
  addressWithoutSecrets,
  adviceIfUnreachable,
  endpointMistakes,
  endpointVariable,
  lacksScheme,
  OTLP_ENDPOINT_VARIABLE,
  parseAddress,
  tracesEndpoint,
  tracesProtocol,
  usesProxy,
} from '../config/otlp.ts';
import { connectionFailure } from '../util/connection-failure.ts';
import { failureReason, NO_ANSWER, REFUSED_CONNECTION } from '../util/failure-reason.ts';
import type { Environment } from '../util/variables.ts';
import { type Check, checked, problem, remark, skippedCheck } from './check.ts';

const ENDPOINT_CHECK = 'endpoint';
export const COLLECTOR_CHECK = 'collector';
const REPLACED_BY_FILE = 'OTEL_CONFIG_FILE may replace the exporter variables';
const PROBE_TIMEOUT_MS = 2_000;

/** Judges by the address alone. */
export function examineEndpoint(environment: Environment): Check {
  if (hasConfigurationFile(environment)) return skippedCheck(ENDPOINT_CHECK, REPLACED_BY_FILE);
  const variable = endpointVariable(environment) ?? OTLP_ENDPOINT_VARIABLE;
  const endpoint = environment[variable]?.trim() ?? '';
  const protocol = tracesProtocol(environment);
  const findings = endpointMistakes(environment).map(([wrong, remedy]) =>
    problem('endpoint_malformed', wrong, remedy),
  );
  if (findings.length > 0)
    return checked(ENDPOINT_CHECK, `${variable} cannot be used for ${protocol}`, findings);
  const target = addressWithoutSecrets(tracesEndpoint(environment, protocol));
  const sends = endpoint === '' ? 'is not set; exporters send' : 'sends';
  return checked(ENDPOINT_CHECK, `${variable} ${sends} ${protocol} to ${target}`);
}

export async function examineCollector(environment: Environment): Promise<Check> {
  const skipped = (reason: string): Check => skippedCheck(COLLECTOR_CHECK, reason);
  if (hasConfigurationFile(environment)) return skipped(REPLACED_BY_FILE);
  const exporters = namedExporters(environment);
  if (exporters.length > 0 && !exporters.includes('otlp'))
    return skipped(`OTEL_TRACES_EXPORTER is ${exporters.map(shownValue).join(',')}`);
  const variable = endpointVariable(environment);
  const protocol = tracesProtocol(environment);
  const url = parseAddress(tracesEndpoint(environment, protocol));
  if (url === undefined || lacksScheme(url.href) || endpointMistakes(environment).length > 0)
    return skipped(`${variable} is malformed`);
  if (usesProxy(environment)) return skipped('a proxy is set in the environment');
  // If the exporter has certificates of its own, only a connection is opened, because they are not read here.
  const isConnectionOnly =
    protocol === 'grpc' ||
    Object.keys(environment).some((name) =>
      /^OTEL_EXPORTER_OTLP_(?:TRACES_)?(?:CLIENT_)?CERTIFICATE$/.test(name),
    );
  const answer = isConnectionOnly
    ? await connectionFailure(url, PROBE_TIMEOUT_MS)
    : await exportNothing(url, protocol, environment);
  const shown = addressWithoutSecrets(url.href.replace(/\/$/, ''));
  const subject = variable === undefined ? `the default ${shown}` : shown;
  if (answer === undefined)
    return checked(COLLECTOR_CHECK, `${subject} accepts connections; what it answers was not checked`);
  if (ACCEPTING.test(answer)) return checked(COLLECTOR_CHECK, `${subject} answers (${answer})`);
  // Code may give its exporters another endpoint than the default.
  const isNamed = variable !== undefined || exporters.length > 0;
  const fact =
    answer === REFUSED_CONNECTION
      ? `Nothing listens at ${shown} (${answer})`
      : `${shown} does not accept traces (${answer})`;
  const message = `${fact}${isNamed ? '' : ', where exporters send traces unless your code sets another endpoint'}.`;
  const report = isNamed ? problem : remark;
  return checked(COLLECTOR_CHECK, `${subject}: ${answer}`, [
    report('endpoint_unreachable', message, adviceFor(answer, environment)),
  ]);
}

/**
 * Matches the answers that a collector which accepts traces may give to an empty request. Some answer with a
 * status such as 400. Exporters do not follow redirects.
 */
const ACCEPTING = /^HTTP (?!3|40[1345]|429|50[234])/;

/** @returns the HTTP status, or why there is none */
async function exportNothing(url: URL, protocol: string, environment: Environment): Promise<string> {
  const isJson = protocol === 'http/json';
  const body = isJson ? '{"resourceSpans":[]}' : '';
  const { OTEL_EXPORTER_OTLP_HEADERS: all, OTEL_EXPORTER_OTLP_TRACES_HEADERS: traces } = environment;
  const headers = {
    ...parseKeyPairsIntoRecord(all),
    ...parseKeyPairsIntoRecord(traces),
    'content-type': isJson ? 'application/json' : 'application/x-protobuf',
    'content-length': body.length,
  };
  const { request } = url.protocol === 'https:' ? https : http;
  const answer = new Promise<string>((resolve, reject) => {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const sent = request(url, { method: 'POST', headers, signal }, (response) => {
      response.destroy();
      resolve(`HTTP ${response.statusCode}`);
    });
    // This listener stays: an error after the response would end this process if nothing listened to it.
    sent.on('error', reject).end(body);
  });
  return answer.catch((error) => (error.name === 'AbortError' ? NO_ANSWER : failureReason(error)));
}

/** The first pattern that matches the reason decides. */
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

export function adviceFor(reason: string, environment: Environment): string {
  const [, advice] = ADVICE.find(([reasons]) => reasons.test(reason)) ?? [];
  if (advice === undefined) return adviceIfUnreachable(environment);
  return advice.replace(OTLP_ENDPOINT_VARIABLE, endpointVariable(environment) ?? OTLP_ENDPOINT_VARIABLE);
}
