export function lacksScheme(endpoint: string): boolean {
  return !/^https?:\/\//i.test(endpoint);
}

/** The endpoint without the user name, the password and the query, which may contain a key. */
export function addressWithoutSecrets(endpoint: string): string {
  const url = parseAddress(endpoint);
  if (url === undefined) return 'the endpoint of OTEL_EXPORTER_OTLP_ENDPOINT';
  return `${url.protocol}//${url.host}${pathWithoutSecrets(url)}`;
}

/** The path, unless it may contain a password: `https//user:password@host` is read as the host `https` with a path. */
export function pathWithoutSecrets({ pathname }: URL): string {
  return /@|%40/.test(pathname) ? '' : pathname;
}

/** What a socket connects to for a URL. */
export function socketAddress({ hostname, port, protocol }: URL): { host: string; port: number } {
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
  };
}

export function parseAddress(endpoint: string): URL | undefined {
  try {
    return new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(endpoint) ? endpoint : `http://${endpoint}`);
  } catch {
    return undefined;
  }
}
