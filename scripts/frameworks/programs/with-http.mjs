import { createRequire } from 'node:module';
import { createNoopMeter } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import './sdk-3.mjs';

// Its metrics are not those that are compared with the conventions.
new HttpInstrumentation().setMeterProvider({ getMeter: createNoopMeter });
createRequire(import.meta.url)('node:http');
