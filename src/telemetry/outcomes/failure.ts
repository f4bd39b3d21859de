import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api';
import { contentTargets, type Settings } from '../../config/config.ts';
import { errorClassName } from '../../sdk/error-class-names.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { ERROR_TYPE_VALUE_OTHER } from '../../semconv/values.ts';
import { cut } from '../../util/cut-text.ts';
import { field, numberField, textField } from '../../util/payload.ts';
import { withoutCredentials } from '../content/credentials.ts';
import { knownCode } from './error-codes.ts';

export interface Failure {
  readonly type: string;
  /** Content, because it may quote the input. */
  readonly message: string | undefined;
  readonly thrown?: unknown;
}

export function readThrown(error: unknown): Failure {
  return {
    type: typeOfThrown(error),
    message: redacted(textField(error, 'message')),
    thrown: error,
  };
}

/**
 * Reads an error that the API reports: `{ code, message, type }`, or only the message.
 *
 * @param fallback the type of the failure if neither the error's code nor its type is a known code
 */
export function readReported(error: unknown, fallback: string): Failure {
  return {
    type: typeOfReported(error, fallback),
    message: redacted(typeof error === 'string' ? error : textField(error, 'message')),
  };
}

export function typeOfThrown(error: unknown): string {
  return (
    knownCode(field(error, 'code')) ?? streamedStatus(error) ?? classOrStatus(error) ?? ERROR_TYPE_VALUE_OTHER
  );
}

/** Some servers use an HTTP status as the code of an error. */
export function typeOfReported(error: unknown, fallback: string): string {
  const code = field(error, 'code');
  const status = typeof code === 'number' ? String(code) : undefined;
  return knownCode(code) ?? knownCode(field(error, 'type')) ?? knownCode(status) ?? fallback;
}

/** The bytes of media, which a server may repeat along with the whole request. No word of an error is that long. */
const REPEATED_MEDIA = /(?<=;base64,)[\w+/=%-]+|(?<![\w+/-])[\w+/-]{256,}={0,2}/gi;

function redacted(message: string | undefined): string | undefined {
  return message === undefined ? undefined : withoutCredentials(message).replace(REPEATED_MEDIA, '…');
}

export function recordFailure(span: Span, failure: Failure, settings: Settings): void {
  span.setAttribute(ATTR.ERROR_TYPE, failure.type);
  const described = contentTargets(settings).span && failure.message !== undefined;
  span.setStatus({
    code: SpanStatusCode.ERROR,
    ...(described ? { message: cut(failure.message, settings.maxContentLength) } : {}),
  });
}

export function failureAttributes(failure: Failure | undefined): Attributes {
  return failure === undefined ? {} : { [ATTR.ERROR_TYPE]: failure.type };
}

/** The form of a class name. Class names can be recorded, because they come from code, never from a server. */
const CLASS_NAME = /^[\p{L}_$][\p{L}\p{N}_$]{0,63}$/u;

export function classNameOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const thrower: unknown = field(error, 'constructor');
  const className = typeof thrower === 'function' ? constructorName(thrower) : '';
  // The platform's errors for aborts and timeouts carry their kind in `name`.
  if (className === 'DOMException') return knownCode(field(error, 'name')) ?? className;
  return className === 'Object' || !CLASS_NAME.test(className) ? undefined : className;
}

const HTTP_STATUS = /^[1-5]\d\d$/;

/** The status in an error event of a stream, as vLLM sends it. The SDK throws it as an error without a status. */
function streamedStatus(error: unknown): string | undefined {
  const status = numberField(field(error, 'error'), 'code');
  return numberField(error, 'status') === undefined ? knownCode(String(status)) : undefined;
}

/** The class of an error; its HTTP status if the SDK has no class for that status, or if the class has no name. */
function classOrStatus(error: unknown): string | undefined {
  const className = classNameOf(error);
  const status = String(numberField(error, 'status'));
  return (className === undefined || className === 'APIError') && HTTP_STATUS.test(status)
    ? status
    : className;
}

/** The name of a class, even of the SDK's errors in minified bundles. A static `name` may be anything. */
function constructorName(thrower: { readonly name: unknown }): string {
  const known = errorClassName(thrower);
  if (known !== undefined) return known;
  try {
    return typeof thrower.name === 'string' ? thrower.name : '';
  } catch {
    return '';
  }
}
