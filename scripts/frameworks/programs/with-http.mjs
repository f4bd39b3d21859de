import { createRequire } from 'node:module';
import { createNoopMeter } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import './sdk-3.mjs';

// Drops the metrics of this instrumentation, which the conventions that are checked do not define.
new HttpInstrumentation().setMeterProvider({ getMeter: createNoopMeter });
createRequire(import.meta.url)('node:http');
