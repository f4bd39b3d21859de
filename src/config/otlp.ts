/** Reads from the standard `OTEL_*` variables where exporters send their data. */

import type { Environment } from '../util/variables.ts';
import { rejectedValue } from './option-parsers.ts';

/** The default endpoints of the OTLP specification. */
const DEFAULT_HTTP_ENDPOINT = 'http://localhost:4318';
const DEFAULT_GRPC_ENDPOINT = 'http://localhost:4317';
const TRACES_PATH = 'v1/traces';

const PROTOCOLS: readonly string[] = ['grpc', 'http/json', 'http/protobuf'];
const DEFAULT_PROTOCOL = 'http/protobuf';

/** The first variable that is set applies. */
const PROTOCOL_VARIABLES = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'] as const;

/** Like `NodeSDK`, this replaces an unknown protocol by the default. */
export function tracesProtocol(environment: Environment): string {
  const named = environment[firstSet(environment, PROTOCOL_VARIABLES) ?? '']?.trim() ?? '';
  return PROTOCOLS.includes(named) ? named : DEFAULT_PROTOCOL;
}

export function protocolProblem(environment: Environment): string | undefined {
  const variable = firstSet(environment, PROTOCOL_VARIABLES);
  const named = environment[variable ?? '']?.trim() ?? '';
  if (variable === undefined || PROTOCOLS.includes(named)) return undefined;
  return rejectedValue(variable, named, PROTOCOLS.join(', '), `${DEFAULT_PROTOCOL} is used.`);
}

function firstSet(environment: Environment, variables: readonly string[]): string | undefined {
  return variables.find((name) => environment[name]?.trim());
}

export const OTLP_ENDPOINT_VARIABLE = 'OTEL_EXPORTER_OTLP_ENDPOINT';
/** The first variable that is set applies. */
const ENDPOINT_VARIABLES = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', OTLP_ENDPOINT_VARIABLE] as const;

export function endpointVariable(environment: Environment): string | undefined {
  return firstSet(environment, ENDPOINT_VARIABLES);
}

export function adviceIfUnreachable(environment: Environment): string {
  const variable = endpointVariable(environment) ?? OTLP_ENDPOINT_VARIABLE;
  return `Is a collector running? ${variable} sets its address; OTEL_TRACES_EXPORTER=console prints traces here instead.`;
}

export function tracesEndpoint(
  environment: Environment,
  protocol: string = tracesProtocol(environment),
): string {
  const [traces, base] = ENDPOINT_VARIABLES.map((name) => environment[name]?.trim());
  if (traces) return traces;
  if (protocol === 'grpc') return base || DEFAULT_GRPC_ENDPOINT;
  return `${(base || DEFAULT_HTTP_ENDPOINT).replace(/\/$/, '')}/${TRACES_PATH}`;
}

/** What the variable of the endpoint must do, so that exporters can use it; `undefined` if they can. */
export function ruleBroken(environment: Environment): string | undefined {
  const variable = endpointVariable(environment);
  if (variable === undefined) return undefined;
  const endpoint = environment[variable]?.trim() ?? '';
  // For gRPC, the address needs no scheme.
  const isGrpc = tracesProtocol(environment) === 'grpc';
  if (/^["']|["']$/.test(endpoint))
    return 'not contain quotation marks, which Docker keeps in its --env-file';
  if (!isGrpc && lacksScheme(endpoint)) return 'start with http:// or https://';
  // Exporters append their path without removing the space.
  if (!isGrpc && variable === OTLP_ENDPOINT_VARIABLE && environment[variable]?.endsWith(' '))
    return 'not end with a space';
  return parseAddress(endpoint) === undefined ? 'be a URL such as http://localhost:4318' : undefined;
}

/** Judges by the address alone. */
export function endpointMistakes(environment: Environment): [wrong: string, remedy: string][] {
  const variable = endpointVariable(environment) ?? OTLP_ENDPOINT_VARIABLE;
  const isForAllSignals = variable === OTLP_ENDPOINT_VARIABLE;
  const endpoint = environment[variable]?.trim() ?? '';
  const { hostname = '', port = '', pathname = '' } = parseAddress(endpoint) ?? {};
  const isGrpc = tracesProtocol(environment) === 'grpc';
  const mistakes: [wrong: string, remedy: string][] = [];
  const note = (wrong: string, remedy: string): void => void mistakes.push([`${variable} ${wrong}.`, remedy]);
  const rule = ruleBroken(environment);
  if (rule !== undefined) note('cannot be used', `It must ${rule}.`);
  if (isGrpc && lacksScheme(endpoint) && /^(?:localhost$|\[::1\]$|127\.)/.test(hostname))
    note('has no http://, so the exporter speaks TLS', 'Add http:// before it.');
  if (!isGrpc && port === '4317')
    note('has port 4317, where collectors speak gRPC', 'Use port 4318, or OTEL_EXPORTER_OTLP_PROTOCOL=grpc.');
  if (isGrpc && port === '4318')
    note(
      'has port 4318, where collectors speak HTTP',
      'Use port 4317, or OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf.',
    );
  const [suffix] = /\/v1\/(?:traces|metrics|logs)\/?$/.exec(pathname) ?? [];
  if (!isGrpc && isForAllSignals && suffix !== undefined)
    note(`ends in ${suffix}, and exporters add /v1/traces to it`, `Remove ${suffix}.`);
  // For example the address of the page that the command `view` prints.
  if (!isGrpc && isForAllSignals && /[?#]/.test(endpoint))
    note('contains a ? or #, and exporters add /v1/traces behind it', 'Remove it and what follows.');
  if (!isGrpc && !isForAllSignals && pathname === '/')
    note(
      'has no path, and exporters add none to it',
      `Add /v1/traces, or set ${OTLP_ENDPOINT_VARIABLE} instead.`,
    );
  return mistakes;
}

export function usesProxy(environment: Environment): boolean {
  return Object.keys(environment).some((name) => /^(https?|all)_proxy$|^NODE_USE_ENV_PROXY$/i.test(name));
}

export function lacksScheme(endpoint: string): boolean {
  return !/^https?:\/\//i.test(endpoint);
}

/** Leaves out the user name, the password and the query, which may contain a key. */
export function addressWithoutSecrets(endpoint: string): string {
  const url = parseAddress(endpoint);
  if (url === undefined) return 'the endpoint of OTEL_EXPORTER_OTLP_ENDPOINT';
  // A path may contain a password: `https//user:password@host` is read as the host `https` with a path.
  return `${url.protocol}//${url.host}${/@|%40/.test(url.pathname) ? '' : url.pathname}`;
}

export function parseAddress(endpoint: string): URL | undefined {
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(endpoint) ? endpoint : `http://${endpoint}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}
