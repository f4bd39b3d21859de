/**
 * The words in the error codes of OpenAI, Azure, compatible servers and tools. A server may put anything into
 * a code, even a key or a word of the prompt. So a code is recorded only if it is an HTTP status, if it is
 * listed below, or if it has two or more words that are all listed here. To add a code, add its words.
 */
const WORDS: ReadonlySet<string> = setOf([
  'above access active ai allowed already api approval archived array audio authentication',
  'authorization authorized available bad balance base64 batch be below billing bio blocked budget',
  'buffer call cancelled capacity choice client closed commit completed conflict connection content',
  'context conversation country credit credits custom cyber data deactivated decimal decommissioned',
  'denied deployment deprecated down download duplicate empty encrypted engine entity enum environment',
  'error event exceeded execution executor exhausted exists expired failed feature field file filter',
  'flex forbidden format found function gateway generation grant hard has hostname http id idempotency',
  'image incompatible incorrect inference input insufficient integer internal invalid ip item json key',
  'language large length limit line locked long many max mcp media method min misalignment mismatch',
  'mismatched missing mode model moderation must no not object operation or org organization output',
  'overloaded parameter parameters parse payload permission permissions policy previous project prompt',
  'properties protocol quota rate reached region request requests required residency resource response',
  'responsible restricted sandbox schema scope server service session slow small special spend',
  'steerable store stream string subject subscription such supported tasks terms territory timeout to',
  'token tokens too tool training transcription turn type unauthorized unavailable unintelligible union',
  'unknown unprocessable unsupported url usage use user validate value vector verified version',
  'violation websocket',
]);

/** The codes of one word that are recorded. Any other single word may come from the prompt. */
const ONE_WORD_CODES: ReadonlySet<string> = setOf([
  'forbidden overloaded timeout unauthorized Conflict Forbidden Timeout Unauthorized',
]);

/** The error codes of Node, which do not consist of common words. */
const NODE_CODES: ReadonlySet<string> = setOf([
  // Connections
  'EACCES EADDRINUSE EADDRNOTAVAIL EAI_AGAIN EAI_FAIL EAI_MEMORY EAI_NODATA EAI_NONAME ECANCELED ECONNABORTED',
  'ECONNREFUSED ECONNRESET EHOSTDOWN EHOSTUNREACH EINTR EINVAL EMFILE ENETDOWN ENETRESET ENETUNREACH ENFILE ENOBUFS',
  'ENOTCONN ENOTFOUND EPERM EPIPE EPROTO ESOCKETTIMEDOUT ETIMEDOUT HPE_INVALID_CONSTANT HPE_INVALID_HEADER_TOKEN',
  'HPE_HEADER_OVERFLOW UND_ERR UND_ERR_ABORTED UND_ERR_BODY_TIMEOUT UND_ERR_CLOSED UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_CONTENT_LENGTH_EXCEEDED UND_ERR_DESTROYED UND_ERR_HEADERS_OVERFLOW UND_ERR_HEADERS_TIMEOUT UND_ERR_INFO',
  'UND_ERR_INVALID_ARG UND_ERR_NOT_SUPPORTED UND_ERR_REQ_CONTENT_LENGTH_MISMATCH UND_ERR_REQ_RETRY UND_ERR_RESPONSE',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH UND_ERR_RES_EXCEEDED_MAX_SIZE UND_ERR_SOCKET',
  // Files and processes
  'EBADF EBUSY EEXIST EISDIR ELOOP ENAMETOOLONG ENOENT ENOEXEC ENOMEM ENOSPC ENOSYS ENOTDIR ENOTEMPTY ENOTSUP EROFS',
  'ESRCH EXDEV',
  // Certificates
  'CERT_HAS_EXPIRED CERT_NOT_YET_VALID CERT_REJECTED CERT_REVOKED CERT_SIGNATURE_FAILURE CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT ERR_SSL_WRONG_VERSION_NUMBER ERR_TLS_CERT_ALTNAME_INVALID ERR_TLS_HANDSHAKE_TIMEOUT',
  'HOSTNAME_MISMATCH INVALID_CA SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  // Errors of Node itself
  'ABORT_ERR ERR_ASSERTION ERR_BUFFER_OUT_OF_BOUNDS ERR_HTTP_HEADERS_SENT ERR_HTTP2_STREAM_ERROR ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE ERR_INVALID_CHAR ERR_INVALID_PROTOCOL ERR_INVALID_RETURN_VALUE ERR_INVALID_STATE',
  'ERR_INVALID_URL ERR_MODULE_NOT_FOUND ERR_OUT_OF_RANGE ERR_SOCKET_CLOSED ERR_SOCKET_CONNECTION_TIMEOUT',
  'ERR_STREAM_DESTROYED ERR_STREAM_PREMATURE_CLOSE ERR_STREAM_WRITE_AFTER_END ERR_STRING_TOO_LONG',
  'ERR_UNESCAPED_CHARACTERS MODULE_NOT_FOUND',
]);

/** The names of the platform's own `DOMException`s. A program can create others with any name. */
const DOM_EXCEPTIONS: ReadonlySet<string> = setOf([
  'AbortError ConstraintError DataCloneError DataError EncodingError InvalidAccessError InvalidCharacterError',
  'InvalidStateError NetworkError NotAllowedError NotFoundError NotReadableError NotSupportedError OperationError',
  'QuotaExceededError SecurityError SyntaxError TimeoutError UnknownError',
]);

const MAX_CODE_LENGTH = 64;
/** `not_found` or `NotFound`. */
const CODE = /^(?:[a-z\d_]+|(?:[A-Z]+[a-z]+)+)$/;
const WORD_BORDER = /_|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/;

export function knownCode(code: unknown): string | undefined {
  if (typeof code !== 'string' || code.length > MAX_CODE_LENGTH) return undefined;
  const isKnown =
    NODE_CODES.has(code) || ONE_WORD_CODES.has(code) || /^[45]\d\d$/.test(code) || hasKnownWords(code);
  return isKnown ? code : undefined;
}

function hasKnownWords(code: string): boolean {
  const words = CODE.test(code) ? code.split(WORD_BORDER) : [];
  return words.length > 1 && words.every((word) => WORDS.has(word.toLowerCase()));
}

export function knownExceptionName(name: unknown): string | undefined {
  return typeof name === 'string' && DOM_EXCEPTIONS.has(name) ? name : undefined;
}

function setOf(rows: readonly string[]): ReadonlySet<string> {
  return new Set(rows.flatMap((words) => words.split(' ')));
}
