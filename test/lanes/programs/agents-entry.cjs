const { instrumentAgents } = require('opentelemetry-instrumentation-openai/agents');

instrumentAgents();
