// Makes a span of OpenTelemetry for each call of the key service, below the span that caused it.
//
//   ENCRYPTION_KEY_ID=alias/app AWS_PROFILE=dev node examples/opentelemetry.ts
import { tracingChannel } from "node:diagnostics_channel";
import { pathToFileURL } from "node:url";
import { type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { Envelope, type KeyServiceCall } from "kms-envelope";

/** Makes the spans from now on. Call it once, after you have started the SDK of OpenTelemetry. */
export function traceKeyService(): void {
  const tracer = trace.getTracer("kms-envelope");
  const spans = new WeakMap<object, Span>();
  tracingChannel<KeyServiceCall, KeyServiceCall>("kms-envelope:key-service").subscribe({
    start(call) {
      const attributes = {
        "rpc.system": "aws-api",
        "rpc.method": call.operation,
        "aws.kms.key_id": call.keyId,
        "cloud.region": call.region,
      };
      const name = `key service ${call.operation}`;
      spans.set(call, tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }));
    },
    error(call) {
      const { code, message } = call.error as { code: string; message: string };
      spans.get(call)?.setAttribute("error.type", code);
      spans.get(call)?.setStatus({ code: SpanStatusCode.ERROR, message });
    },
    asyncEnd(call) {
      spans.get(call)?.setAttributes({
        "aws.request_id": call.requestId,
        "kms_envelope.attempts": call.attempts,
        "kms_envelope.aborted": call.aborted,
      });
      spans.get(call)?.end();
    },
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { ConsoleSpanExporter, NodeTracerProvider, SimpleSpanProcessor } =
    await import("@opentelemetry/sdk-trace-node");
  const spanProcessors = [new SimpleSpanProcessor(new ConsoleSpanExporter())];
  new NodeTracerProvider({ spanProcessors }).register();
  traceKeyService();
  const envelope = new Envelope(process.env.ENCRYPTION_KEY_ID ?? "alias/app");
  await trace.getTracer("app").startActiveSpan("save the user", async (span) => {
    await envelope.encrypt("hello");
    span.end();
  });
}
