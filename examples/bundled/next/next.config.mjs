// Next.js bundles the packages that a server route uses, unless they are named here. The module hook finds `openai`
// only if it stays a package. Of OpenTelemetry's packages, there must be only one copy, because they keep state.
export default {
  serverExternalPackages: [
    'openai',
    'opentelemetry-instrumentation-openai',
    '@opentelemetry/api',
    '@opentelemetry/sdk-node',
  ],
};
