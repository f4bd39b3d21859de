"""A service with OpenTelemetry's Python instrumentation of openai. It calls the Node service in the same trace."""

import json
import os

import requests
from openai import OpenAI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(resource=Resource.create({"service.name": "trips"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
OpenAIInstrumentor().instrument()
RequestsInstrumentor().instrument(excluded_urls="v1/traces")

TOOL = {
    "type": "function",
    "function": {
        "name": "look_up_trains",
        "parameters": {"type": "object", "properties": {"to": {"type": "string"}}},
    },
}
client = OpenAI()
messages = [
    {"role": "system", "content": "You plan trips."},
    {"role": "user", "content": "When do I get to Hamburg?"},
]
with trace.get_tracer("trips").start_as_current_span("plan trip"):
    asked = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[TOOL], temperature=0.2)
    call = asked.choices[0].message.tool_calls[0]
    summary = requests.get(os.environ["SUMMARY_URL"], timeout=10).json()
    messages += [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.function.name, "arguments": call.function.arguments},
                }
            ],
        },
        {"role": "tool", "tool_call_id": call.id, "content": json.dumps(summary)},
    ]
    client.chat.completions.create(model="gpt-4o-mini", messages=messages)
provider.shutdown()
