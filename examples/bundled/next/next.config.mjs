// Next.js bundles the packages that a server route uses, unless they are named here. `openai` has to stay a package
// for the module hook to find it; those of OpenTelemetry keep state that there must be one copy of.
export default {
  serverExternalPackages: [
    'openai',
    'opentelemetry-instrumentation-openai',
    '@opentelemetry/api',
    '@opentelemetry/sdk-node',
  ],
};
