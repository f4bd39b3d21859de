import {
  addressWithoutSecrets,
  type CollectorEnvironment,
  endpointVariable,
  lacksScheme,
  malformationIn,
  namedProtocol,
  parseAddress,
  pathWithoutSecrets,
  SPACE_AT_END,
  tracesEndpoint,
  tracesProtocol,
} from '../config/otlp.ts';
import type { Finding } from '../diagnostics/findings.ts';
import { type Check, checked, skippedCheck } from './check.ts';
import { describeProjectFinding } from './project-findings.ts';

const ENDPOINT_CHECK = 'endpoint';
const TRACES_ENDPOINT = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const HTTP_PORT = '4318';
const GRPC_PORT = '4317';

/** Why nothing is said of exporters that a configuration file sets up. */
export const REPLACED_BY_FILE: string = 'the file in OTEL_CONFIG_FILE replaces the exporter variables';

/** How the check begins if no variable names an endpoint. */
export const NO_ENDPOINT: string = `${ENDPOINT} is not set`;

/**
 * Whether an endpoint is one that traces can be sent to, by its form alone.
 *
 * @param isReplaced whether a configuration file sets up the exporters
 */
export function examineEndpoint(environment: CollectorEnvironment, isReplaced = false): Check {
  if (isReplaced) return skippedCheck(ENDPOINT_CHECK, REPLACED_BY_FILE);
  const variable = endpointVariable(environment);
  const protocol = tracesProtocol(environment);
  const findings = examineProtocol(environment);
  if (variable === undefined) {
    const reason = `${NO_ENDPOINT}; exporters use ${tracesEndpoint(environment, protocol)}`;
    return findings.length > 0
      ? checked(ENDPOINT_CHECK, reason, findings)
      : skippedCheck(ENDPOINT_CHECK, reason);
  }
  const endpoint = environment[variable]?.trim() ?? '';
  const malformed = malformationIn(environment);
  if (malformed === SPACE_AT_END)
    findings.push(describeProjectFinding('endpoint_malformed', `${variable} ends with a space`, 'Remove it'));
  findings.push(...examineAddress(variable, endpoint, protocol));
  const target = addressWithoutSecrets(tracesEndpoint(environment, protocol));
  const isSent = findings.length === 0 || (protocol !== 'grpc' && malformed === undefined);
  const detail = isSent
    ? `${variable} sends ${protocol} to ${target}`
    : `${variable} cannot be used for ${protocol}`;
  return checked(ENDPOINT_CHECK, detail, findings);
}

function examineProtocol(environment: CollectorEnvironment): Finding[] {
  const named = namedProtocol(environment);
  if (named === undefined || named === tracesProtocol(environment)) return [];
  const problem = `OTEL_EXPORTER_OTLP_PROTOCOL is ${JSON.stringify(named.slice(0, 40))}, which is not an OTLP protocol`;
  return [describeProjectFinding('endpoint_malformed', problem, 'Use http/protobuf, http/json or grpc')];
}

function examineAddress(variable: string, endpoint: string, protocol: string): Finding[] {
  const isGrpc = protocol === 'grpc';
  const url = parseAddress(endpoint);
  const problem = (text: string, remedy: string): Finding[] => [
    describeProjectFinding('endpoint_malformed', text, remedy),
  ];
  if (/^["']|["']$/.test(endpoint))
    return problem(
      `${variable} contains quotation marks`,
      'Remove them: Docker keeps those in its --env-file',
    );
  if (url === undefined) return problem(`${variable} is not a URL`, 'Use http://localhost:4318');
  const path = pathWithoutSecrets(url);
  const shown = `${url.host}${path === '/' ? '' : path}`;
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(endpoint) && lacksScheme(endpoint))
    return problem(`${variable} begins with neither http:// nor https://`, 'Use http://localhost:4318');
  if (lacksScheme(endpoint) && (!isGrpc || isLoopback(url.hostname))) {
    const effect = isGrpc ? 'so the exporter speaks TLS' : 'so nothing can be sent';
    return problem(`${variable} is ${shown}, without http://, ${effect}`, `Use http://${shown}`);
  }
  const other = isGrpc ? HTTP_PORT : GRPC_PORT;
  if (url.port === other) {
    const fitting = isGrpc
      ? `Use port ${GRPC_PORT}, or OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`
      : `Use port ${HTTP_PORT}, or OTEL_EXPORTER_OTLP_PROTOCOL=grpc`;
    return problem(
      `${variable} has port ${other}, where collectors speak ${isGrpc ? 'HTTP' : 'gRPC'}; the protocol is ${protocol}`,
      fitting,
    );
  }
  return isGrpc ? [] : examinePath(variable, url);
}

/** For HTTP the variable for all signals is a base, and the one for traces is the whole address. */
function examinePath(variable: string, url: URL): Finding[] {
  const [suffix] = /\/v1\/(?:traces|metrics|logs)\/?$/.exec(url.pathname) ?? [];
  if (variable === ENDPOINT && suffix !== undefined) {
    const base = `${url.origin}${pathWithoutSecrets(url).replace(/\/v1\/\w+\/?$/, '')}`;
    const problem = `${ENDPOINT} ends in ${suffix}, and exporters add /v1/traces to it`;
    return [describeProjectFinding('endpoint_malformed', problem, `Use ${base}`)];
  }
  if (variable === TRACES_ENDPOINT && url.pathname === '/') {
    const problem = `${TRACES_ENDPOINT} has no path, and exporters add none to it`;
    const remedy = `Use ${url.origin}/v1/traces, or set ${ENDPOINT} instead`;
    return [describeProjectFinding('endpoint_malformed', problem, remedy)];
  }
  return [];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}
